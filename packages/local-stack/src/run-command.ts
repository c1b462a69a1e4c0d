import { spawn } from 'node:child_process';
import type { Environment } from './environment.ts';

const KEPT_OUTPUT_BYTES = 64 * 1024;

export interface CommandOptions {
  env: Environment;
  cwd?: string;
  uid?: number;
  gid?: number;
  signal?: AbortSignal;
}

/** The program ended with an error; `output` is the end of its output. */
export class CommandFailedError extends Error {
  readonly output: string;

  constructor(command: string, outcome: string, output: string) {
    super(`${command} ${outcome}${output === '' ? '' : `:\n${output}`}`);
    this.name = 'CommandFailedError';
    this.output = output;
  }
}

/**
 * Runs a program to its end and returns its output (stdout and stderr together, the last 64 KiB).
 * @throws CommandFailedError when it cannot be started or its exit code is not 0
 */
export const runCommand = async (
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> => {
  const { env, ...spawnOptions } = options;
  let output = '';
  const keep = (chunk: string) => {
    output = (output + chunk).slice(-KEPT_OUTPUT_BYTES);
  };
  const child = spawn(command, args, {
    ...spawnOptions,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const outcome = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`can't be run (${error.message})`));
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`);
    });
  });
  options.signal?.throwIfAborted();
  if (outcome !== undefined) throw new CommandFailedError(command, outcome, output.trim());
  return output;
};
