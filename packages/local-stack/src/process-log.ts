import { closeSync, fstatSync, mkdtempSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROTATE_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 32 * 1024;
const FOLLOW_MS = 100;

/**
 * Writes the output of a program to a file. The program writes to the file itself: no pipe can break and disturb its
 * shutdown when this process crashes.
 */
export class ProcessLog {
  readonly fd: number;
  readonly #startedAt: number;
  #readUntil: number;
  #partialLine = '';
  #timer: NodeJS.Timeout | undefined;
  #onLine: ((line: string) => void) | undefined;

  /** Appends to `path` (a large file is first moved to `path.1`); without a path, to a nameless file. */
  constructor(path: string | undefined) {
    this.fd = path === undefined ? openNameless() : openRotated(path);
    this.#startedAt = fstatSync(this.fd).size;
    this.#readUntil = this.#startedAt;
  }

  /** Returns the last lines printed since this log was opened. */
  tail(lines = 20): string {
    const { size } = fstatSync(this.fd);
    const from = Math.max(this.#startedAt, size - TAIL_BYTES);
    return this.#read(from, size).trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Calls `onLine` for each further complete line until `close`. */
  follow(onLine: (line: string) => void): void {
    this.#onLine = onLine;
    this.#timer = setInterval(() => this.#deliver(), FOLLOW_MS);
    this.#timer.unref();
  }

  /** Delivers the remaining lines and closes the file. */
  close(): void {
    clearInterval(this.#timer);
    this.#deliver();
    closeSync(this.fd);
  }

  #deliver(): void {
    if (this.#onLine === undefined) return;
    const { size } = fstatSync(this.fd);
    while (this.#readUntil < size) {
      const until = Math.min(size, this.#readUntil + TAIL_BYTES);
      const lines = (this.#partialLine + this.#read(this.#readUntil, until)).split('\n');
      this.#readUntil = until;
      this.#partialLine = lines.pop() ?? '';
      for (const line of lines) this.#onLine(line);
    }
  }

  #read(from: number, until: number): string {
    const buffer = Buffer.alloc(until - from);
    return buffer.subarray(0, readSync(this.fd, buffer, 0, buffer.length, from)).toString('utf8');
  }
}

const openRotated = (path: string): number => {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a+', 0o600);
};

const openNameless = (): number => {
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-log-'));
  const fd = openSync(join(folder, 'log'), 'a+', 0o600);
  rmSync(folder, { recursive: true });
  return fd;
};
