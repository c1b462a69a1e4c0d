import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { findStreamLimit } from './clamd-limit.ts';
import { parseReply } from './clamd-reply.ts';
import { ClamdScan, lengthOf } from './clamd-scan.ts';
import { parseVersion } from './clamd-version.ts';
import { PROBE_FILES } from './probe-files.ts';
import { signatureAge } from './signature-age.ts';

export interface ClamdOptions {
  host: string;
  port: number;
  /** Larger streams are unscannable, and not sent. Bytes. */
  maxBytes: number;
  /** A scan ends after this long without a byte in either direction. Milliseconds. */
  timeoutMs: number;
}

const COMMAND_TIMEOUT_MS = 2_000;

/** Speaks to clamd over TCP, with a connection per command. */
export class ClamdClient {
  readonly #options: ClamdOptions;
  #maxBytes: number;

  constructor(options: ClamdOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
  }

  /** Larger streams are unscannable. Bytes. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Starts a scan. Never throws: the verdict reports failures. */
  openScan(signal: AbortSignal): ClamdScan {
    const socket = this.#connect(this.#options.timeoutMs);
    const abort = () => socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    return new ClamdScan(socket, {
      maxBytes: this.#maxBytes,
      scanner: this.version(),
      ping: () => this.ping(),
    });
  }

  /**
   * Returns engine and signatures, by which verdicts are stored; undefined when clamd does not answer. Called before a scan:
   * if signatures change meanwhile, the verdict counts as the older ones', and the source is scanned again.
   */
  async version(): Promise<string | undefined> {
    try {
      return parseVersion(await this.#ask('zVERSION\0'));
    } catch {
      return undefined;
    }
  }

  /**
   * Finds the largest stream that clamd accepts; from then on larger ones are not sent.
   * @returns bytes
   * @throws when clamd does not answer
   */
  async readLimit(): Promise<number> {
    const refuses = async (bytes: number) => {
      const answer = await this.#ask(Buffer.concat([Buffer.from('zINSTREAM\0'), lengthOf(bytes)]));
      return /size limit exceeded/.test(answer);
    };
    this.#maxBytes = await findStreamLimit(this.#options.maxBytes, refuses);
    return this.#maxBytes;
  }

  /**
   * Returns options of clamd that are off (the default), without which it reports files as clean that it did not examine. No
   * command lists them, so it gets files of that kind.
   *
   * @throws when clamd does not answer
   */
  async missingOptions(): Promise<string[]> {
    const missing: string[] = [];
    for (const { option, file } of PROBE_FILES) {
      const stream = [Buffer.from('zINSTREAM\0'), lengthOf(file.length), file, lengthOf(0)];
      const { code } = parseReply(await this.#ask(Buffer.concat(stream)));
      if (code === 'clean') missing.push(option);
    }
    return missing;
  }

  /** For readiness checks. @throws when clamd does not answer PONG */
  async ping(): Promise<void> {
    const answer = await this.#ask('zPING\0');
    if (answer.replace(/\0$/, '') !== 'PONG') throw new Error('clamd does not answer PONG');
  }

  /**
   * Returns the age of its signatures in seconds; undefined when it reports none.
   * @throws when clamd does not answer
   */
  async signatureAge(): Promise<number | undefined> {
    return signatureAge(await this.#ask('zVERSION\0'), new Date());
  }

  async #ask(command: string | Uint8Array): Promise<string> {
    const socket = this.#connect(COMMAND_TIMEOUT_MS);
    socket.once('timeout', () => socket.destroy(new Error('time-out')));
    socket.end(command);
    return text(socket);
  }

  #connect(timeout: number): Socket {
    return connect({ host: this.#options.host, port: this.#options.port, timeout, noDelay: true });
  }
}
