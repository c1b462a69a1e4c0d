import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Inbox } from './inbox.ts';
import { workerFolder } from './stack.ts';

/** A line of the worker's log, or of its standard error. */
export interface LogLine {
  msg?: string;
  admin_port?: number;
  [field: string]: unknown;
}

/** The worker as it is deployed: a process with an environment and nothing else. */
export class WorkerProcess {
  readonly log = new Inbox<LogLine>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, ['src/main.ts'], {
      cwd: workerFolder,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close').then(() => this.#child.exitCode);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.log.add(parse(line)));
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the worker did not start');
    return this.#child.pid;
  }

  /** @returns the port of the admin server */
  async ready(): Promise<number> {
    const line = await Promise.race([
      this.log.waitFor(({ msg }) => msg === 'worker is ready', 'ready worker'),
      this.#ended.then((code) => {
        throw new Error(`the worker ended with ${code}: ${JSON.stringify(this.log.messages)}`);
      }),
    ]);
    return line.admin_port ?? 0;
  }

  /** @returns the exit code; null after a signal that it could not handle */
  async exit(): Promise<number | null> {
    return this.#ended;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

const parse = (line: string): LogLine => {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
};
