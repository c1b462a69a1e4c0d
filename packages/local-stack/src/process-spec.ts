export interface ProcessSpec {
  /** Names the process in messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the process. */
  env: Record<string, string>;
  cwd: string;
  uid?: number;
  gid?: number;
  /** Output is appended here; without it it is kept only for error messages. */
  logFile?: string;
  /** Keeps two runs off the same data, also after a crash; see guard-protocol.ts. */
  lockFile?: string;
  onLine?: (line: string) => void;
  /** Asked repeatedly until it says true; a rejection counts as "not yet". */
  ready: () => Promise<boolean>;
  timeoutMs: number;
  /** Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it is killed; default 10 s. */
  graceMs?: number;
  /** Ends a start under way. */
  signal?: AbortSignal | undefined;
}
