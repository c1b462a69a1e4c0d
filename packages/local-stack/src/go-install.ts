import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from './environment.ts';
import { lockFile } from './file-lock.ts';
import { type Progress, withProgress } from './progress.ts';
import { runCommand } from './run-command.ts';

const WAIT_FOR_OTHER_MS = 15 * 60_000;

export interface GoInstallOptions {
  name: string;
  module: string;
  version: string;
  /** How to get the program otherwise; part of the error. */
  howToGet: string;
  go: string;
  cache: string;
  /** Path of the finished program; it appears in one step (rename). */
  target: string;
  env: Environment;
  onProgress: Progress;
  signal?: AbortSignal | undefined;
}

/** Compiles a program into the cache. If several processes ask at once, one compiles and the others wait. */
export const goInstall = async (options: GoInstallOptions): Promise<void> => {
  const { name, target, cache, onProgress, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  const locks = join(cache, 'locks');
  await mkdir(locks, { recursive: true });
  const lock = await withProgress(`${name}: waiting for another process that compiles it`, onProgress, () =>
    lockFile(join(locks, `${name}-${options.version}.lock`), { timeoutMs: WAIT_FOR_OTHER_MS, signal }),
  );
  try {
    if (await exists(target)) return;
    onProgress(`${name}: not found, compiling ${options.version} (once; kept in ${cache})…`);
    await withProgress(`${name}: compiling`, onProgress, () => compile(options));
    onProgress(`${name}: compiled`);
  } finally {
    lock.release();
  }
};

const compile = async (options: GoInstallOptions): Promise<void> => {
  const { name, module, version, cache, env, signal } = options;
  const folder = await mkdtemp(join(cache, `compile-${name}-`));
  try {
    await runCommand(options.go, ['install', '-trimpath', '-ldflags=-s -w', `${module}@${version}`], {
      env: { ...env, GOBIN: folder, CGO_ENABLED: '0' },
      ...(signal ? { signal } : {}),
    });
    await rename(join(folder, name), options.target);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${name} is missing and compiling ${module}@${version} failed. ${options.howToGet}\n${reason}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const exists = async (path: string): Promise<boolean> => {
  return stat(path).then(
    () => true,
    () => false,
  );
};
