import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 60_000;

export interface EndedRun {
  /** -1 when a signal ended it. */
  code: number;
  out: string;
  error: string;
}

/**
 * Runs one of our programs until it ends by itself.
 *
 * @param script relative to `root`
 * @param root by default this repository
 */
export const runToEnd = (
  script: string,
  env: Record<string, string>,
  args: readonly string[] = [],
  root = ROOT,
): Promise<EndedRun> =>
  new Promise((resolve) => {
    const options = { cwd: root, env: { PATH: process.env.PATH, ...env }, timeout: LIMIT_MS };
    execFile(process.execPath, [script, ...args], options, (failure, out, error) => {
      const failed = typeof failure?.code === 'number' ? failure.code : -1;
      resolve({ code: failure === null ? 0 : failed, out, error });
    });
  });

/** Runs the operator's CLI. */
export const runClaimcheck = (env: Record<string, string>, ...args: string[]): Promise<EndedRun> =>
  runToEnd('apps/api/src/cli/claimcheck.ts', env, args);
