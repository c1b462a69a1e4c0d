import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from './until.ts';

export interface ClientProgram {
  command: string;
  args: string[];
}

/** The output of each client program: one JSON object a line. */
type Line = { sent: number } | { resumed_at: number } | { url: string };

const KEPT_LINES = 30;

const parseLine = (line: string): Line | undefined => {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
};

/** A stock upload client in a separate process. */
export class ClientRun {
  /** Bytes of the file that the client says it has sent. */
  sent = 0;
  /** The offset that the server returned when the client asked for it; summed over all parts. */
  resumedAt = 0;
  readonly #child: ChildProcess;
  readonly #ended = Promise.withResolvers<string>();
  readonly #tail: string[] = [];
  #url: string | undefined;
  #running = true;

  constructor({ command, args }: ClientProgram) {
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface(stream).on('line', (line) => this.#take(line));
    this.#child.once('error', (error) => this.#tail.push(error.message));
    this.#child.once('close', (code, signal) => {
      this.#running = false;
      this.#ended.resolve(`${signal ?? `code ${code}`}`);
    });
  }

  /** Kills the client once it has sent this many bytes. @throws when it ends earlier by itself */
  async killAt(bytes: number, withinMs: number): Promise<void> {
    await until(
      () => {
        if (this.#running) return this.sent >= bytes ? true : undefined;
        throw new Error(`the client ended before it could be interrupted:\n${this.#tail.join('\n')}`);
      },
      { withinMs, what: `the client to have sent ${bytes} bytes` },
    );
    this.#child.kill('SIGKILL');
    await this.#ended.promise;
    if (this.#url !== undefined) throw new Error('the client was done before it was interrupted');
  }

  /** @returns the media_object_id; @throws when it fails or is not done in time */
  async mediaId(withinMs: number): Promise<string> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
    const end = await this.#ended.promise;
    clearTimeout(timer);
    if (end !== 'code 0' || this.#url === undefined)
      throw new Error(`the client ended with ${end}:\n${this.#tail.join('\n')}`);
    return this.#url.slice(this.#url.lastIndexOf('/') + 1);
  }

  /** Ends it if a test gave up half-way. */
  stop(): void {
    if (this.#running) this.#child.kill('SIGKILL');
  }

  #take(text: string): void {
    this.#tail.push(text);
    if (this.#tail.length > KEPT_LINES) this.#tail.shift();
    const line = parseLine(text);
    if (line === undefined) return;
    if ('sent' in line) this.sent = line.sent;
    else if ('resumed_at' in line) this.resumedAt += line.resumed_at;
    else this.#url = line.url;
  }
}
