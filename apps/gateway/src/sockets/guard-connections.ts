import type { GatewayMetrics } from '../metrics.ts';
import { type EnginePacket, joinFrame, writeAtOnce } from './coalesce-writes.ts';
import { OutboundMeter } from './outbound-meter.ts';
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

interface Guarded {
  meter: OutboundMeter;
  packets: TokenBucket;
}

/** Watches every WebSocket from its first byte, even before it is authenticated. */
export const guardConnections = (io: GatewayServer, metrics: GatewayMetrics): ConnectionGuard => {
  const guarded = new Map<Connection, Guarded>();
  const onSlow = () => metrics.drop('slow_reader');
  const onError = ({ code }: Error & { code?: string }) => {
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') metrics.drop('oversize_frame');
  };

  // All connections share these listeners: closures of its own would be a large part of an idle connection's memory.
  function onPacketCreate(this: Connection, packet: EnginePacket): void {
    joinFrame(packet);
    guarded.get(this)?.meter.queued(packet.data?.length ?? 0);
  }
  function onPacket(this: Connection): void {
    if (guarded.get(this)?.packets.take() !== false) return;
    if (this.readyState === 'open') metrics.drop('rate_limited');
    this.close(true);
  }
  function onClose(this: Connection): void {
    const meter = guarded.get(this)?.meter;
    guarded.delete(this);
    if (meter === undefined) return;
    meter.closed();
    setTimeout(() => meter.webSocket.terminate(), GOODBYE_MS);
  }

  io.engine.on('flush', (connection: Connection, packets: readonly unknown[]) => {
    const meter = guarded.get(connection)?.meter;
    if (meter === undefined) return;
    meter.flushed();
    const tcp = meter.webSocket._socket;
    if (packets.length > 1 && tcp) writeAtOnce(tcp);
  });
  io.engine.on('connection', (connection: Connection) => {
    const meter = new OutboundMeter(connection, onSlow);
    guarded.set(connection, { meter, packets: new TokenBucket(PACKET_BURST, PACKETS_PER_SECOND) });
    meter.webSocket.on('error', onError);
    connection.on('packetCreate', onPacketCreate);
    connection.on('packet', onPacket);
    connection.on('close', onClose);
  });

  return {
    meterOf: (connection) => {
      const meter = guarded.get(connection)?.meter;
      if (meter === undefined) throw new Error('the connection is closed');
      return meter;
    },
    terminateAll: () => {
      for (const { meter } of guarded.values()) meter.webSocket.terminate();
    },
  };
};
