import { RefusalLog } from '@claimcheck/platform/auth/refusal-log';
import type { Logger } from '@claimcheck/platform/process/logger';
import { createAuthentication } from './authenticate.ts';
import { ConnectionCounts } from './connection-counts.ts';
import type { ConnectionGuard } from './guard-connections.ts';
import { RequestBudgets } from './request-budgets.ts';
import { RequestHandlers } from './request-handlers.ts';
import { Session, type SessionDependencies } from './session.ts';
import type { GatewayServer, GatewaySocket } from './types.ts';

export interface AcceptDependencies extends SessionDependencies {
  guard: ConnectionGuard;
  maxConnectionsPerUser: number;
  logger: Logger;
}

const NO_HANDSHAKE = Object.freeze({});

/** Drops the token and the rest of the handshake, which nothing reads any longer. */
const forgetHandshake = (socket: GatewaySocket): void => {
  Object.assign(socket, { handshake: NO_HANDSHAKE });
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
  const handlers = new RequestHandlers(metrics, logger);
  io.on('connection', (socket) => {
    forgetHandshake(socket);
    const session = new Session(socket, guard.meterOf(socket.conn), deps);
    const requests = budgets.hold(session.userId);
    const uncount = connectionsOfUsers.add(session.userId);
    metrics.connections.inc();
    // One listener for all names: those that there are none of get an answer, too.
    socket.onAny((name: string, ...args: unknown[]) => handlers.handle({ session, requests }, name, args));
    socket.on('disconnect', () => {
      session.close();
      budgets.release(session.userId);
      uncount();
      metrics.connections.dec();
      // A connection without a socket would stay open without authentication.
      socket.conn.close();
    });
  });
};
