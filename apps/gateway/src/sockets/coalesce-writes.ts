import type { Socket as NetSocket } from 'node:net';

/** The part of an Engine.IO packet that the gateway reads. */
export interface EnginePacket {
  data?: string;
  options?: { wsPreEncodedFrame?: Buffer[] };
}

// A gateway spends most of its time on system calls (docs/decisions/0006-gateway.md): a broadcast becomes one buffer, and
// everything queued meanwhile becomes one write.

/**
 * Joins the frame of a broadcast. Socket.IO frames it once for all sockets, as header and payload; ws would then write a
 * vector of two to every single socket. All of them share the array, so the two are joined once.
 */
export const joinFrame = ({ options }: EnginePacket): void => {
  const frame = options?.wsPreEncodedFrame;
  if (frame !== undefined && frame.length > 1) frame.splice(0, frame.length, Buffer.concat(frame));
};

const uncork = (tcp: NetSocket): void => tcp.uncork();

/** Makes one write of what is written to `tcp` in this turn. */
export const writeAtOnce = (tcp: NetSocket): void => {
  tcp.cork();
  process.nextTick(uncork, tcp);
};
