import type { Socket as NetSocket } from 'node:net';
import { webSocketOf } from './outbound-meter.ts';
import type { Connection } from './types.ts';

/** The part of Engine.IO that this file uses. */
interface EnginePacket {
  options?: { wsPreEncodedFrame?: Buffer[] };
}

// Socket.IO frames a broadcast once for all sockets, as header and payload; ws would then write a vector of two
// to every single socket. All of them share the array, so the two are joined once.
const joinFrame = ({ options }: EnginePacket): void => {
  const frame = options?.wsPreEncodedFrame;
  if (frame !== undefined && frame.length > 1) frame.splice(0, frame.length, Buffer.concat(frame));
};

/**
 * Makes writing to a connection cheap: a broadcast becomes one buffer, and everything queued meanwhile becomes one write.
 * A gateway spends most of its time on system calls (docs/decisions/0006-gateway.md).
 */
export const coalesceWrites = (connection: Connection): void => {
  const tcp: NetSocket | undefined = webSocketOf(connection)._socket;
  connection.on('packetCreate', joinFrame);
  if (tcp === undefined) return;
  connection.on('flush', (packets: readonly unknown[]) => {
    if (packets.length < 2) return;
    tcp.cork();
    process.nextTick(() => tcp.uncork());
  });
};
