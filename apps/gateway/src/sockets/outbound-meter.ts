import type { Socket } from 'node:net';
import { currentTurn, writeAtOnce } from './coalesce-writes.ts';
import type { Connection } from './types.ts';

// A reader beyond this is disconnected, because the backlog is in our memory.
const DROP_BYTES = 256 * 1024;
// A replay pauses here, well below the limit: live events of other conversations need space too.
const PAUSE_BYTES = 64 * 1024;
// What one turn writes past Engine.IO's queue. Less than the pause: a replay waits for that queue alone.
const DIRECT_BYTES = 16 * 1024;
/** Packets are counted by the length of their text. */
const MOST_BYTES_OF_UNIT = 3;

interface RawWebSocket {
  readonly bufferedAmount: number;
  /** The TCP connection; ws hides it only by its name. */
  readonly _socket?: Socket;
  terminate(): void;
  on(event: 'error', listener: (error: Error & { code?: string }) => void): void;
}

const hasWebSocket = (transport: object): transport is { socket: RawWebSocket } =>
  'socket' in transport && typeof transport.socket === 'object' && transport.socket !== null;

/** Returns the WebSocket below a connection; there is no other transport. */
const webSocketOf = (connection: Connection): RawWebSocket => {
  if (!hasWebSocket(connection.transport)) throw new Error('the connection has no WebSocket');
  return connection.transport.socket;
};

/**
 * Measures how much one client has still to read. Engine.IO hands the WebSocket one batch at a time and queues the rest
 * itself, so `bufferedAmount` alone stands still while a client does not read. This class counts both.
 */
export class OutboundMeter {
  readonly webSocket: RawWebSocket;
  readonly #connection: Connection;
  readonly #onSlow: () => void;
  /** Only while a replay waits: an idle connection needs no set and no listener. */
  #waiting: Set<() => void> | undefined;
  #queuedBytes = 0;
  /** What the WebSocket got last: it has written everything before that. */
  #flushedBytes = 0;
  /** The turn of the latest direct write. */
  #wroteIn = -1;
  #checking = false;
  /** The connection is not closed at once: several replays may end in the same turn. */
  #isGivenUp = false;

  /** @param onSlow called once when the connection is given up, after it was cut */
  constructor(connection: Connection, onSlow: () => void) {
    this.#connection = connection;
    this.webSocket = webSocketOf(connection);
    this.#onSlow = onSlow;
  }

  get pendingBytes(): number {
    return this.#queuedBytes + this.webSocket.bufferedAmount;
  }

  /** Returns whether the backlog is small enough to send more, or the connection is closed. */
  get isReady(): boolean {
    return this.pendingBytes <= PAUSE_BYTES || this.#connection.readyState !== 'open';
  }

  /** Resolves when the backlog is small enough to send more, the connection is closed, or the time is over. */
  ready(withinMs: number): Promise<void> {
    if (this.isReady) return Promise.resolve();
    const waiting = this.#waiting ?? this.#startWaiting();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      waiting.add(done);
    });
  }

  /** Disconnects a reader that is too slow. */
  giveUp(): void {
    if (this.#isGivenUp || this.#connection.readyState !== 'open') return;
    this.#isGivenUp = true;
    this.#onSlow();
    // A closing handshake would wait behind the unread data.
    this.webSocket.terminate();
  }

  /**
   * Writes a frame to the TCP connection if nothing waits before it. Engine.IO's queue costs as much as the rest of a delivery.
   *
   * @returns false when the frame belongs into that queue
   */
  write(frame: Buffer): boolean {
    const tcp = this.webSocket._socket;
    if (!tcp?.writable || !this.#connection.transport.writable) return false;
    const turn = currentTurn();
    const isFirst = this.#wroteIn !== turn;
    if (tcp.writableLength > (isFirst ? 0 : DIRECT_BYTES)) return false;
    if (!isFirst && tcp.writableCorked === 0) writeAtOnce(tcp);
    this.#wroteIn = turn;
    tcp.write(frame);
    return true;
  }

  /** Counts a packet that Engine.IO queues. */
  queued(bytes: number): void {
    this.#queuedBytes += bytes;
    // Every delivery comes here, and asking the WebSocket costs more than adding.
    if ((this.#queuedBytes + this.#flushedBytes) * MOST_BYTES_OF_UNIT <= DROP_BYTES) return;
    if (this.#checking || this.pendingBytes <= DROP_BYTES) return;
    this.#checking = true;
    // After this turn of the event loop: a burst first gets its chance to be written.
    setImmediate(() => {
      this.#checking = false;
      if (this.pendingBytes > DROP_BYTES) this.giveUp();
    });
  }

  /** The WebSocket has what Engine.IO had queued. */
  flushed(): void {
    this.#flushedBytes = this.#queuedBytes;
    this.#queuedBytes = 0;
  }

  closed(): void {
    this.#wake();
  }

  #startWaiting(): Set<() => void> {
    const waiting = new Set<() => void>();
    this.#waiting = waiting;
    // After the drain the next batch is flushed; check it then.
    this.#connection.transport.on('drain', () => {
      if (waiting.size > 0) setImmediate(() => this.#wake());
    });
    return waiting;
  }

  #wake(): void {
    if (this.#waiting !== undefined && this.isReady) for (const done of [...this.#waiting]) done();
  }
}
