import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { PROBLEMS } from '@claimcheck/contracts/errors';
import { LIMITS } from '@claimcheck/contracts/limits';
import type { Logger } from '@claimcheck/platform/process/logger';
import { Server } from 'socket.io';
import type { GatewayMetrics } from '../metrics.ts';
import { AddressBudgets } from './address-budgets.ts';
import type { ClientAddress } from './client-address.ts';
import { ConnectionCounts } from './connection-counts.ts';
import { createTextOnlyParser } from './text-only-parser.ts';
import type { Connection, GatewayServer } from './types.ts';

// Below the 30 to 60 s after which mobile networks and proxies drop a silent connection.
const PING_INTERVAL_MS = 25_000;
// A phone that changes its network answers within this time, or already has a new connection.
const PING_TIMEOUT_MS = 20_000;
// Limit for a client to authenticate; until then it occupies a connection.
const CONNECT_TIMEOUT_MS = 5_000;

export interface IoServerDependencies {
  isAllowedOrigin(origin: string | undefined): boolean;
  /** Returns the address that a connection counts for. */
  addressOf: ClientAddress;
  maxConnectionsPerAddress: number;
  metrics: GatewayMetrics;
  logger: Logger;
}

/**
 * Drops the HTTP request that opened a connection, while it is still cheap to collect: it takes some kilobytes of an idle
 * socket, once more in Socket.IO's `handshake`. https://socket.io/docs/v4/memory-usage/
 */
const forgetRequest = (connection: Connection): void => {
  Object.assign(connection, { request: null });
};

/**
 * Makes one write of the answer to the upgrade and of Engine.IO's first packet, which follows in the same turn. A client of an
 * old protocol gets a refusal instead, which the destroyed connection would no longer send.
 */
const answerAtOnce = ({ socket, url }: IncomingMessage): void => {
  if (url?.includes('EIO=4') !== true) return;
  socket.cork();
  setImmediate(() => socket.uncork());
};

/** Creates Socket.IO on `httpServer`: WebSocket only, text only, small frames only. */
export const createIoServer = (httpServer: HttpServer, deps: IoServerDependencies): GatewayServer => {
  const { addressOf, metrics, logger } = deps;
  const addresses = new AddressBudgets();
  const connections = new ConnectionCounts(deps.maxConnectionsPerAddress);

  const allowRequest = (
    request: IncomingMessage,
    done: (error: string | null | undefined, isAllowed: boolean) => void,
  ): void => {
    const address = addressOf(request);
    if (!addresses.take(address)) {
      metrics.drop('rate_limited');
      done(PROBLEMS.rate_limited.title, false);
      return;
    }
    if (connections.isFull(address)) {
      metrics.drop('too_many_connections');
      done('Too many connections from this address.', false);
      return;
    }
    const isAllowed = deps.isAllowedOrigin(request.headers.origin);
    if (isAllowed) answerAtOnce(request);
    else metrics.refuse('foreign_origin');
    done(isAllowed ? null : 'This origin is not allowed.', isAllowed);
  };

  const io: GatewayServer = new Server(httpServer, {
    transports: ['websocket'],
    allowUpgrades: false,
    serveClient: false,
    maxHttpBufferSize: LIMITS.clientFrameBytes,
    // Compression costs memory for each connection, and would hide compression bombs from the frame limit.
    perMessageDeflate: false,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // connectionStateRecovery stays unset: a recovered connection would skip the authentication.
    allowRequest,
    parser: createTextOnlyParser({
      onBinary: () => metrics.binaryFrames.inc(),
      onOversizePacket: ({ type }) => {
        metrics.drop('oversize_event');
        logger.error({ packet_type: type }, 'a packet was too large to be sent');
      },
    }),
  });
  io.engine.on('connection', (connection: Connection) => {
    connection.on('close', connections.add(addressOf(connection.request)));
    forgetRequest(connection);
  });
  return io;
};
