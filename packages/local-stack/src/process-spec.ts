export interface ProcessSpec {
  /** Names the process in messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** The complete environment of the process. */
  env: Record<string, string>;
  cwd: string;
  uid?: number;
  gid?: number;
  /** Output is appended here; without it, output is kept only for error messages. */
  logFile?: string;
  /** Prevents two runs on the same data, even after a crash; see guard-protocol.ts. */
  lockFile?: string;
  onLine?: (line: string) => void;
  /** Called repeatedly until it returns true; a rejection counts as "not yet". */
  ready: () => Promise<boolean>;
  timeoutMs: number;
  /** Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Time to end before the process is killed; default 10 s. */
  graceMs?: number;
  /** Cancels a start in progress. */
  signal?: AbortSignal | undefined;
}
