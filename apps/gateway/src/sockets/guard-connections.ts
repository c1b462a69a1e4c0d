import type { GatewayMetrics } from '../metrics.ts';
import { coalesceWrites } from './coalesce-writes.ts';
import { OutboundMeter, webSocketOf } from './outbound-meter.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Connection, GatewayServer } from './types.ts';

// Fits a client that subscribes to its conversations one by one at its start; later it needs far fewer.
const PACKET_BURST = 500;
const PACKETS_PER_SECOND = 50;
// For the closing handshake; ws itself would wait half a minute for a client that never answers it.
const GOODBYE_MS = 2_000;

export interface ConnectionGuard {
  meterOf(connection: Connection): OutboundMeter;
  /** Closes all remaining connections; for the end of the process. */
  terminateAll(): void;
}

/** Watches every WebSocket from its first byte, even before it is authenticated. */
export const guardConnections = (io: GatewayServer, metrics: GatewayMetrics): ConnectionGuard => {
  const meters = new Map<Connection, OutboundMeter>();

  const watchPackets = (connection: Connection): void => {
    const packets = new TokenBucket(PACKET_BURST, PACKETS_PER_SECOND);
    connection.on('packet', () => {
      if (packets.take()) return;
      if (connection.readyState === 'open') metrics.drop('rate_limited');
      connection.close(true);
    });
  };

  io.engine.on('connection', (connection: Connection) => {
    meters.set(connection, new OutboundMeter(connection, () => metrics.drop('slow_reader')));
    const webSocket = webSocketOf(connection);
    connection.on('close', () => {
      meters.delete(connection);
      setTimeout(() => webSocket.terminate(), GOODBYE_MS);
    });
    webSocket.on('error', (error) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') metrics.drop('oversize_frame');
    });
    watchPackets(connection);
    coalesceWrites(connection);
  });

  return {
    meterOf: (connection) => {
      const meter = meters.get(connection);
      if (meter === undefined) throw new Error('the connection is closed');
      return meter;
    },
    terminateAll: () => {
      for (const connection of meters.keys()) webSocketOf(connection).terminate();
    },
  };
};
