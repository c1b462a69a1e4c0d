import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GuardedProgram, GuardReport, GuardRequest } from './guard-protocol.ts';
import { ProcessLog } from './process-log.ts';
import type { ProcessSpec } from './process-spec.ts';

const GUARD = fileURLToPath(new URL('./guard.ts', import.meta.url));
const DEFAULT_GRACE_MS = 10_000;
const LAST_LINES = 50;

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** True if `stop` asked for it. */
  expected: boolean;
}

export const describeExit = (exit: Pick<ProcessExit, 'code' | 'signal'>): string => {
  return exit.signal === null ? `code ${exit.code}` : exit.signal;
};

/** One run of a program behind its guard. */
export class SupervisedProcess {
  readonly exited: Promise<ProcessExit>;
  readonly #name: string;
  readonly #log: ProcessLog;
  readonly #guard: ChildProcess;
  readonly #started = Promise.withResolvers<number>();
  readonly #ended = Promise.withResolvers<ProcessExit>();
  #pid: number | undefined;
  #stopRequested = false;
  #finalLogLines: string | undefined;

  /** @throws Error when the program cannot be run at all */
  static async start(spec: ProcessSpec): Promise<SupervisedProcess> {
    const run = new SupervisedProcess(spec);
    await run.#started.promise;
    return run;
  }

  private constructor(spec: ProcessSpec) {
    this.#name = spec.name;
    this.exited = this.#ended.promise;
    this.#log = new ProcessLog(spec.logFile);
    if (spec.onLine) this.#log.follow(spec.onLine);
    this.#guard = spawn(process.execPath, [GUARD, spec.name], {
      env: {},
      cwd: '/',
      stdio: ['ignore', this.#log.fd, this.#log.fd, 'ipc'],
      detached: true,
    });
    this.#guard.on('message', (report: GuardReport) => this.#take(report));
    this.#guard.once('error', (error) => this.#fail(error.message));
    // A guard that ends without a report was killed. Its program is ended from here.
    this.#guard.once('close', () => this.#fail('its guard ended'));
    this.#request({ type: 'start', program: guardedProgram(spec) });
  }

  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.#name} has not started`);
    return this.#pid;
  }

  logTail(lines = 20): string {
    if (this.#finalLogLines === undefined) return this.#log.tail(lines);
    return this.#finalLogLines.split('\n').slice(-lines).join('\n');
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#finalLogLines === undefined) process.kill(this.pid, signal);
  }

  async stop(): Promise<void> {
    this.#stopRequested = true;
    if (this.#finalLogLines === undefined) this.#request({ type: 'stop' });
    await this.exited;
  }

  #take(report: GuardReport): void {
    if (report.type === 'started') {
      this.#pid = report.pid;
      this.#started.resolve(report.pid);
    } else if (report.type === 'failed') {
      this.#fail(report.message);
    } else {
      this.#end(report.code, report.signal);
    }
  }

  #fail(reason: string): void {
    this.#started.reject(new Error(`${this.#name} can't be started: ${reason}`));
    if (this.#pid !== undefined && this.#finalLogLines === undefined) killGroup(this.#pid);
    this.#end(null, null);
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#finalLogLines !== undefined) return;
    this.#finalLogLines = this.#log.tail(LAST_LINES);
    this.#log.close();
    this.#ended.resolve({ code, signal, expected: this.#stopRequested });
  }

  #request(message: GuardRequest): void {
    // The channel may close at any moment; the guard then stops by itself.
    if (this.#guard.connected) this.#guard.send(message, () => undefined);
  }
}

const guardedProgram = (spec: ProcessSpec): GuardedProgram => {
  return {
    command: spec.command,
    args: spec.args,
    env: spec.env,
    cwd: spec.cwd,
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    ...(spec.lockFile === undefined ? {} : { lockFile: spec.lockFile }),
    stopSignal: spec.stopSignal ?? 'SIGTERM',
    graceMs: spec.graceMs ?? DEFAULT_GRACE_MS,
  };
};

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
};
