import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { MIB } from '@claimcheck/contracts/limits';
import { execa } from 'execa';

export interface ProgramCall {
  /** Absolute path and arguments; no shell ever reads them. */
  command: readonly [string, ...string[]];
  /** Working directory. */
  cwd: string;
  timeoutMs: number;
  signal: AbortSignal;
  /** Receives each line of the standard output, which is then not collected. */
  onLine?: (line: string) => void;
}

export interface ProgramResult {
  ended: 'exited' | 'killed' | 'timed_out';
  /** Undefined when it was killed. */
  exitCode: number | undefined;
  stdout: string;
  /** The end of the standard error, 4,096 characters. */
  stderr: string;
}

const MAX_STDOUT_BYTES = 16 * MIB;
const STDERR_CHARACTERS = 4_096;

/**
 * Runs a program that reads hostile bytes: with an empty environment, no standard input, and its own process group, which is
 * killed as a whole at the time limit or on abort. When memory runs out, the kernel ends it first.
 *
 * @throws the signal's reason when aborted; Error when the program cannot be started
 */
export const runProgram = async (call: ProgramCall): Promise<ProgramResult> => {
  call.signal.throwIfAborted();
  const [file, ...args] = call.command;
  const subprocess = execa(file, args, {
    cwd: call.cwd,
    env: {},
    extendEnv: false,
    detached: true,
    stdin: 'ignore',
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_STDOUT_BYTES,
    buffer: { stdout: call.onLine === undefined, stderr: false },
  });

  volunteerForOom(subprocess.pid);

  let stderr = '';
  subprocess.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_CHARACTERS);
  });
  const lines = call.onLine === undefined ? undefined : readLines(subprocess.stdout, call.onLine);

  let timedOut = false;
  const kill = () => killGroup(subprocess.pid);
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, call.timeoutMs);
  call.signal.addEventListener('abort', kill, { once: true });
  try {
    const result = await subprocess;
    await lines;
    call.signal.throwIfAborted();
    if (subprocess.pid === undefined) throw new Error(`could not start ${file}`, { cause: result });
    const stdout = typeof result.stdout === 'string' ? result.stdout : '';
    if (timedOut) return { ended: 'timed_out', exitCode: undefined, stdout, stderr };
    if (result.exitCode === undefined) return { ended: 'killed', exitCode: undefined, stdout, stderr };
    return { ended: 'exited', exitCode: result.exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', kill);
  }
};

/** Resolves after the last line. */
const readLines = async (output: Readable, onLine: (line: string) => void): Promise<void> => {
  const lines = createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
  await once(lines, 'close');
};

/** Without it the kernel would end the largest process, which may be the worker with all its other jobs. */
const volunteerForOom = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It has already ended, or the operating system has no such feature.
  }
};

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
};
