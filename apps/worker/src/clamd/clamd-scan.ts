import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseReply, ScannerUnavailableError, type Verdict } from './clamd-reply.ts';

const MAX_REPLY_CHARACTERS = 4_096;
/** clamd stores what it receives at once, and scans it afterwards: if it accepts nothing for this long, it is down. */
const TAKES_NOTHING_MS = 10_000;

/** Returns what precedes each chunk of an INSTREAM session (clamd(8)): its length in 4 bytes, big-endian. */
export const lengthOf = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes);
  return header;
};

export interface ClamdScanOptions {
  /** Larger streams are unscannable. */
  maxBytes: number;
  /** Engine and signatures; undefined when clamd does not report them. */
  scanner: Promise<string | undefined>;
  /** Rejects when clamd does not answer. */
  ping: () => Promise<void>;
}

/**
 * One INSTREAM session (clamd(8)): chunks of a 4-byte big-endian length and the bytes, ended by a length of zero. Nothing
 * throws before `verdict()`, so a download that feeds it continues without a scanner.
 */
export class ClamdScan {
  /** Engine and signatures; undefined when clamd does not report them. */
  readonly scanner: Promise<string | undefined>;
  readonly #socket: Socket;
  readonly #maxBytes: number;
  readonly #ping: () => Promise<void>;
  readonly #closed: Promise<void>;
  #bytes = 0;
  #reply = '';
  #isClosed = false;
  #isTooLarge = false;
  #allSent = false;
  #timedOut = false;
  #failure: Error | undefined;

  /** @param socket connected or connecting; its idle time-out ends the scan */
  constructor(socket: Socket, options: ClamdScanOptions) {
    this.scanner = options.scanner;
    this.#socket = socket;
    this.#maxBytes = options.maxBytes;
    this.#ping = options.ping;
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        resolve();
      });
    });
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      this.#reply = (this.#reply + text).slice(0, MAX_REPLY_CHARACTERS);
    });
    socket.on('error', (error) => {
      this.#failure = error;
    });
    socket.once('timeout', () => {
      this.#timedOut = true;
      socket.destroy();
    });
    socket.write('zINSTREAM\0');
  }

  /** Resolves when more may be written, or the scanner is gone: after seconds at most, however silent it is. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#isClosed || this.#isTooLarge || chunk.length === 0) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.#isTooLarge = true;
      this.#socket.destroy();
      return;
    }
    // clamd answers and hangs up when its own limit is exceeded. Read that before further writes: a write to a
    // closed connection would lose the answer.
    await nextTurn();
    if (this.#isClosed) return;
    this.#socket.write(lengthOf(chunk.length));
    if (!this.#socket.write(chunk)) await this.#drain();
  }

  async #drain(): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#socket.once('drain', resolve));
    const giveUp = () => this.#socket.destroy(new Error('it takes no more bytes'));
    const timer = setTimeout(giveUp, TAKES_NOTHING_MS);
    await Promise.race([drained, this.#closed]);
    clearTimeout(timer);
  }

  /** Ends the stream. @throws ScannerUnavailableError */
  async verdict(): Promise<Verdict> {
    if (this.#isTooLarge) return { code: 'unscannable', reason: 'too_large' };
    if (!this.#isClosed) {
      this.#socket.write(lengthOf(0));
      this.#allSent = true;
    }
    await this.#closed;
    if (this.#reply !== '') return parseReply(this.#reply);
    // It has every byte and is still scanning: this file is too much for it, and would be again.
    if (this.#timedOut && this.#allSent && this.#socket.bytesWritten > 0 && (await this.#isThere()))
      return { code: 'unscannable', reason: 'timeout' };
    throw new ScannerUnavailableError(
      this.#failure?.message ?? (this.#timedOut ? 'time-out' : 'the connection ended'),
      { cause: this.#failure },
    );
  }

  /** A clamd that hangs also has every byte of a small file: the buffers of the connection hold them. */
  #isThere(): Promise<boolean> {
    return this.#ping().then(
      () => true,
      () => false,
    );
  }

  /** Ends the scan; safe after the verdict. */
  close(): void {
    this.#socket.destroy();
  }
}
