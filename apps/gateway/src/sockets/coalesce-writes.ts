import type { Socket as NetSocket } from 'node:net';

/** The part of an Engine.IO packet that the gateway reads. */
export interface EnginePacket {
  data?: string;
  options?: { compress?: boolean; wsPreEncodedFrame?: Buffer[] } | undefined;
}

// A gateway spends most of its time on system calls (docs/decisions/0006-gateway.md): a broadcast becomes one buffer, and
// everything queued meanwhile becomes one write.

/**
 * Returns the frame of a broadcast as one buffer. Socket.IO frames it once for all sockets, as header and payload; ws would
 * then write a vector of two to every single socket. All of them share the array, so the two are joined once.
 */
export const joinFrame = (options: EnginePacket['options']): Buffer | undefined => {
  const frame = options?.wsPreEncodedFrame;
  if (frame !== undefined && frame.length > 1) frame.splice(0, frame.length, Buffer.concat(frame));
  return frame?.[0];
};

const uncork = (tcp: NetSocket): void => tcp.uncork();

/** Makes one write of what is written to `tcp` in this turn. */
export const writeAtOnce = (tcp: NetSocket): void => {
  tcp.cork();
  process.nextTick(uncork, tcp);
};

let turn = 0;
let hasStarted = false;
const endTurn = (): void => {
  hasStarted = false;
  turn += 1;
};

/** Returns the number of this turn: what is written in one turn may leave together. */
export const currentTurn = (): number => {
  if (!hasStarted) process.nextTick(endTurn);
  hasStarted = true;
  return turn;
};
