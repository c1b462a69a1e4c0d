import type { ProcessSpec } from './process-spec.ts';
import { type ProcessExit, SupervisedProcess } from './supervised-process.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export type { ProcessSpec } from './process-spec.ts';
export type { ProcessExit } from './supervised-process.ts';

export interface ManagedService {
  readonly name: string;
  /** Process id of the server itself; changes with a restart. */
  readonly pid: number;
  /** Settles when the current run has ended; `expected` says whether `stop` or `restart` requested it. */
  readonly exited: Promise<ProcessExit>;
  /** Returns the last lines that it printed in this run. */
  logTail(lines?: number): string;
  /** Ends the server, by force after the grace period. Repeatable. */
  stop(): Promise<void>;
  /** Sends a signal to the server; await `exited` for its end. */
  kill(signal: NodeJS.Signals): void;
  /** Restarts the server on the same port and data, whether or not it still runs. */
  restart(): Promise<void>;
}

/**
 * Starts a program behind a guard and waits until it is ready.
 * @throws Error with the end of the program's output when it ends early or is not ready in time
 */
export const startProcess = async (spec: ProcessSpec): Promise<ManagedService> => {
  let run = await startRun(spec);
  return {
    name: spec.name,
    get pid() {
      return run.pid;
    },
    get exited() {
      return run.exited;
    },
    logTail: (lines) => run.logTail(lines),
    stop: () => run.stop(),
    kill: (signal) => run.kill(signal),
    async restart() {
      await run.stop();
      run = await startRun(spec);
    },
  };
};

const startRun = async (spec: ProcessSpec): Promise<SupervisedProcess> => {
  spec.signal?.throwIfAborted();
  const run = await SupervisedProcess.start(spec);
  try {
    await waitUntilReady(spec, run);
    return run;
  } catch (error) {
    await run.stop();
    throw error;
  }
};
