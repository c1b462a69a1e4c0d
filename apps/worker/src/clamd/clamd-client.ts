import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { ClamdScan } from './clamd-scan.ts';

export interface ClamdOptions {
  host: string;
  port: number;
  /** Larger streams are unscannable without asking. Bytes. */
  maxBytes: number;
  /** Without a byte in either direction for this long, a scan ends. Milliseconds. */
  timeoutMs: number;
}

const PING_TIMEOUT_MS = 2_000;

/** clamd over TCP; a connection per command. */
export class ClamdClient {
  readonly #options: ClamdOptions;

  constructor(options: ClamdOptions) {
    this.#options = options;
  }

  /** Begins a scan; never throws: what goes wrong is told by its verdict. */
  openScan(signal: AbortSignal): ClamdScan {
    const socket = this.#connect(this.#options.timeoutMs);
    const abort = () => socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    return new ClamdScan(socket, this.#options.maxBytes);
  }

  /** For readiness checks. @throws when clamd does not answer PONG */
  async ping(): Promise<void> {
    const socket = this.#connect(PING_TIMEOUT_MS);
    socket.once('timeout', () => socket.destroy(new Error('time-out')));
    socket.write('zPING\0');
    const answer = await text(socket);
    if (answer.replace(/\0$/, '') !== 'PONG') throw new Error('clamd does not answer PONG');
  }

  #connect(timeout: number): Socket {
    return connect({ host: this.#options.host, port: this.#options.port, timeout, noDelay: true });
  }
}
