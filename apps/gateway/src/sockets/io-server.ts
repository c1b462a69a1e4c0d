import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { LIMITS } from '@claimcheck/contracts/limits';
import type { Logger } from '@claimcheck/platform/logger';
import { Server } from 'socket.io';
import type { GatewayMetrics } from '../metrics.ts';
import { createTextOnlyParser } from './text-only-parser.ts';
import { type GatewayServer, roomOf } from './types.ts';

// Below the 30 to 60 s after which mobile networks and proxies forget a silent connection.
const PING_INTERVAL_MS = 25_000;
// A phone that changes its network answers within this, or has a new connection already.
const PING_TIMEOUT_MS = 20_000;
// Who has not authenticated by then is holding a connection for nothing.
const CONNECT_TIMEOUT_MS = 5_000;

export interface IoServerDependencies {
  isAllowedOrigin(origin: string | undefined): boolean;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** Socket.IO on `httpServer`: WebSocket only, text only, small frames only. */
export const createIoServer = (httpServer: HttpServer, deps: IoServerDependencies): GatewayServer => {
  const { metrics, logger } = deps;

  const allowRequest = (
    request: IncomingMessage,
    done: (error: string | null | undefined, isAllowed: boolean) => void,
  ): void => {
    const isAllowed = deps.isAllowedOrigin(request.headers.origin);
    if (!isAllowed) metrics.refuse('foreign_origin');
    done(isAllowed ? null : 'This origin is not allowed.', isAllowed);
  };

  const onOversizeEvent = (data: unknown): void => {
    const [name, payload] = Array.isArray(data) ? data : [];
    const conversationId: unknown = payload?.conversation_id;
    metrics.drop('oversize_event');
    logger.error({ event: name, conversation_id: conversationId }, 'an event was too large to be sent');
    // There is a hole in what clients were sent; they must fetch the state instead.
    if (typeof conversationId === 'string')
      io.to(roomOf(conversationId)).emit('resync', { conversation_id: conversationId });
  };

  const io: GatewayServer = new Server(httpServer, {
    transports: ['websocket'],
    allowUpgrades: false,
    serveClient: false,
    maxHttpBufferSize: LIMITS.clientFrameBytes,
    // Costs memory for each connection, and shields compression bombs from the frame limit.
    perMessageDeflate: false,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // connectionStateRecovery stays unset: a recovered connection would skip the authentication.
    allowRequest,
    parser: createTextOnlyParser({
      onBinary: () => metrics.binaryFrames.inc(),
      onOversizeEvent: (packet) => onOversizeEvent(packet.data),
    }),
  });
  return io;
};
