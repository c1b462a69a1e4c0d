import { RefusalLog } from '@claimcheck/platform/auth/refusal-log';
import type { Logger } from '@claimcheck/platform/process/logger';
import { createAuthentication } from './authenticate.ts';
import { ConnectionCounts } from './connection-counts.ts';
import type { ConnectionGuard } from './guard-connections.ts';
import { attachHandlers } from './handlers.ts';
import { RequestBudgets } from './request-budgets.ts';
import { Session, type SessionDependencies } from './session.ts';
import type { Connection, GatewayServer } from './types.ts';

export interface AcceptDependencies extends SessionDependencies {
  guard: ConnectionGuard;
  maxConnectionsPerUser: number;
  logger: Logger;
}

/**
 * Drops the HTTP request that opened a connection: it is no longer needed, and takes some kilobytes of an idle socket.
 * https://socket.io/docs/v4/memory-usage/
 */
const forgetRequest = (connection: Connection): void => {
  Object.assign(connection, { request: null });
};

/** Accepts authenticated sockets, and gives each its session. */
export const acceptSessions = (io: GatewayServer, deps: AcceptDependencies): void => {
  const { metrics, guard, logger } = deps;
  const refusals = new RefusalLog(logger);
  const budgets = new RequestBudgets();
  const connectionsOfUsers = new ConnectionCounts(deps.maxConnectionsPerUser);
  io.use(
    createAuthentication({
      verify: deps.verify,
      connectionsOfUsers,
      metrics,
      onRefused: (error) => refusals.record(error),
    }),
  );
  io.on('connection', (socket) => {
    forgetRequest(socket.conn);
    const session = new Session(socket, guard.meterOf(socket.conn), deps);
    const budget = budgets.hold(session.userId);
    const uncount = connectionsOfUsers.add(session.userId);
    metrics.connections.inc();
    attachHandlers(socket, { session, requests: budget.bucket, metrics, logger });
    socket.on('disconnect', () => {
      session.close();
      budget.release();
      uncount();
      metrics.connections.dec();
      // A connection without a socket would stay open without authentication.
      socket.conn.close();
    });
  });
};
