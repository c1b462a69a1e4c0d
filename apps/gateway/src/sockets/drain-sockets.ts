import type { Server as HttpServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { GatewayMetrics } from '../metrics.ts';
import type { EventSender } from './event-sender.ts';
import type { GatewayServer, GatewaySocket } from './types.ts';

const TICK_MS = 50;
// Ten clients do not need ten seconds: at least fifty a second.
const LONGEST_MS_PER_SOCKET = 20;
// For clients that were asked to close by themselves.
const FAREWELL_MS = 1_000;

export interface DrainDependencies {
  io: GatewayServer;
  httpServer: HttpServer;
  events: EventSender;
  metrics: GatewayMetrics;
  logger: Logger;
}

/**
 * Stops listening, then asks all clients to move, a few at a time, so that the remaining gateways do not get all of them at
 * once. Live events continue meanwhile. Clients that have not moved by the end are disconnected.
 * @param withinMs time in which all clients are asked
 */
export const drainSockets = async (deps: DrainDependencies, withinMs: number): Promise<void> => {
  const { io, httpServer, events, metrics, logger } = deps;
  httpServer.close();
  const sockets = [...io.sockets.sockets.values()];
  if (sockets.length === 0) return;
  const spreadMs = Math.min(withinMs, sockets.length * LONGEST_MS_PER_SOCKET);
  const endsAt = performance.now() + spreadMs + FAREWELL_MS;
  const ask = (socket: GatewaySocket): void => {
    if (!socket.connected) return;
    const closesInMs = Math.max(0, Math.round(endsAt - performance.now()));
    events.send(socket, 'session.moving', { closes_in_ms: closesInMs });
    metrics.moved.inc();
  };
  // Clients whose handshake was in progress.
  io.on('connection', ask);
  logger.info({ connections: sockets.length, spread_ms: spreadMs }, 'asking clients to move');
  const ticks = Math.max(1, Math.ceil(spreadMs / TICK_MS));
  for (let tick = 0; tick < ticks && io.sockets.sockets.size > 0; tick += 1) {
    for (let index = tick; index < sockets.length; index += ticks) {
      const socket = sockets[index];
      if (socket !== undefined) ask(socket);
    }
    await pause(TICK_MS);
  }
  while (io.sockets.sockets.size > 0 && performance.now() < endsAt) await pause(TICK_MS);
  logger.info({ left: io.sockets.sockets.size }, 'clients were asked to move');
};
