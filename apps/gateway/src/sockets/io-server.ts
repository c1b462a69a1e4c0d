import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { PROBLEMS } from '@claimcheck/contracts/errors';
import { LIMITS } from '@claimcheck/contracts/limits';
import type { Logger } from '@claimcheck/platform/logger';
import { Server } from 'socket.io';
import { z } from 'zod';
import type { GatewayMetrics } from '../metrics.ts';
import { AddressBudgets } from './address-budgets.ts';
import { createTextOnlyParser } from './text-only-parser.ts';
import { type GatewayServer, roomOf } from './types.ts';

// Below the 30 to 60 s after which mobile networks and proxies forget a silent connection.
const PING_INTERVAL_MS = 25_000;
// A phone that changes its network answers within this, or has a new connection already.
const PING_TIMEOUT_MS = 20_000;
// Who has not authenticated by then is holding a connection for nothing.
const CONNECT_TIMEOUT_MS = 5_000;

// Name and payload, as Socket.IO packs an event.
const eventPacketData = z.tuple([z.string(), z.looseObject({ conversation_id: z.string() })]);

export interface IoServerDependencies {
  isAllowedOrigin(origin: string | undefined): boolean;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** Socket.IO on `httpServer`: WebSocket only, text only, small frames only. */
export const createIoServer = (httpServer: HttpServer, deps: IoServerDependencies): GatewayServer => {
  const { metrics, logger } = deps;
  const addresses = new AddressBudgets();

  const allowRequest = (
    request: IncomingMessage,
    done: (error: string | null | undefined, isAllowed: boolean) => void,
  ): void => {
    if (!addresses.take(request.socket.remoteAddress ?? 'unknown')) {
      metrics.drop('rate_limited');
      done(PROBLEMS.rate_limited.title, false);
      return;
    }
    const isAllowed = deps.isAllowedOrigin(request.headers.origin);
    if (!isAllowed) metrics.refuse('foreign_origin');
    done(isAllowed ? null : 'This origin is not allowed.', isAllowed);
  };

  const onOversizeEvent = (packetData: unknown): void => {
    const { data } = eventPacketData.safeParse(packetData);
    const conversationId = data?.[1].conversation_id;
    metrics.drop('oversize_event');
    logger.error({ event: data?.[0], conversation_id: conversationId }, 'an event was too large to be sent');
    // There is a hole in what clients were sent; they must fetch the state instead.
    if (conversationId !== undefined)
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
