/** The program that a guard runs, and how to end it. */
export interface GuardedProgram {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
  uid?: number;
  gid?: number;
  /** The signal that asks the program to end; SIGKILL to its whole process group follows after `graceMs`. */
  stopSignal: NodeJS.Signals;
  graceMs: number;
  /**
   * Held while the program runs. A start right after a crash waits here until the crashed process's server, which its guard
   * is still ending, has released its data.
   */
  lockFile?: string;
}

export type GuardRequest = { type: 'start'; program: GuardedProgram } | { type: 'stop' };

export type GuardReport =
  | { type: 'started'; pid: number }
  | { type: 'failed'; message: string }
  | { type: 'exited'; code: number | null; signal: NodeJS.Signals | null };
