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

/** What is known about a connection while it is open. On the connection itself: a map would be asked for each delivery. */
const GUARD = Symbol('guard');

interface Guard {
  meter: OutboundMeter;
  packets: TokenBucket;
}

type Guarded = Connection & { [GUARD]?: Guard | undefined };

/** Watches every WebSocket from its first byte, even before it is authenticated. */
export const guardConnections = (io: GatewayServer, metrics: GatewayMetrics): ConnectionGuard => {
  const open = new Set<OutboundMeter>();
  const onSlow = () => metrics.drop('slow_reader');
  const onError = ({ code }: Error & { code?: string }) => {
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') metrics.drop('oversize_frame');
  };

  // All connections share these listeners: closures of its own would be a large part of an idle connection's memory.
  function onPacketCreate(this: Guarded, packet: EnginePacket): void {
    joinFrame(packet.options);
    this[GUARD]?.meter.queued(packet.data?.length ?? 0);
  }
  function write(this: Guarded, data: string, options?: EnginePacket['options']): Connection {
    const frame = joinFrame(options);
    const isWritten = frame !== undefined && this.readyState === 'open' && this[GUARD]?.meter.write(frame);
    return isWritten ? this : this.send(data, options);
  }
  function onPacket(this: Guarded): void {
    if (this[GUARD]?.packets.take() !== false) return;
    if (this.readyState === 'open') metrics.drop('rate_limited');
    this.close(true);
  }
  function onClose(this: Guarded): void {
    const meter = this[GUARD]?.meter;
    this[GUARD] = undefined;
    if (meter === undefined) return;
    open.delete(meter);
    meter.closed();
    setTimeout(() => meter.webSocket.terminate(), GOODBYE_MS);
  }

  io.engine.on('flush', (connection: Guarded, packets: readonly unknown[]) => {
    const meter = connection[GUARD]?.meter;
    if (meter === undefined) return;
    meter.flushed();
    const tcp = meter.webSocket._socket;
    if (packets.length > 1 && tcp) writeAtOnce(tcp);
  });
  io.engine.on('connection', (connection: Guarded) => {
    const meter = new OutboundMeter(connection, onSlow);
    connection[GUARD] = { meter, packets: new TokenBucket(PACKET_BURST, PACKETS_PER_SECOND) };
    open.add(meter);
    meter.webSocket.on('error', onError);
    // Socket.IO calls it for each delivery; Engine.IO itself uses another method.
    Object.assign(connection, { write });
    connection.on('packetCreate', onPacketCreate);
    connection.on('packet', onPacket);
    connection.on('close', onClose);
  });

  return {
    meterOf: (connection: Guarded) => {
      const meter = connection[GUARD]?.meter;
      if (meter === undefined) throw new Error('the connection is closed');
      return meter;
    },
    terminateAll: () => {
      for (const meter of open) meter.webSocket.terminate();
    },
  };
};
