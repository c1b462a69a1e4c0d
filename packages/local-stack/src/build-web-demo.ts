import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { type Progress, withProgress } from './progress.ts';
import { runCommand } from './run-command.ts';

const SOURCES = ['apps/web', 'packages/client', 'packages/contracts', 'package-lock.json'];
const NOT_SOURCES = new Set(['node_modules', 'dist', '.turbo']);

export interface WebDemoOptions {
  /** The checkout. */
  root: string;
  env: Environment;
  onProgress: Progress;
  signal?: AbortSignal;
}

/** Builds apps/web with vite, unless the existing build is newer than all of its sources. */
export const buildWebDemo = async ({ root, env, onProgress, signal }: WebDemoOptions): Promise<void> => {
  const builtAt = await modifiedAt(join(root, 'apps/web/dist/index.html'));
  const changes = await Promise.all(SOURCES.map((source) => newest(join(root, source))));
  if (builtAt > Math.max(...changes)) return;
  onProgress('web demo: building…');
  await withProgress('web demo: building', onProgress, () =>
    runCommand(process.execPath, [join(root, 'node_modules/.bin/vite'), 'build'], {
      env: { ...env, NODE_ENV: 'production', NO_COLOR: '1' },
      cwd: join(root, 'apps/web'),
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new Error('the web demo (apps/web) could not be built', { cause: error });
    }),
  );
};

/** Returns when the newest file of the tree was changed; 0 without any file. */
const newest = async (path: string): Promise<number> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return modifiedAt(path);
  const wanted = entries.filter((entry) => !NOT_SOURCES.has(entry.name));
  const times = await Promise.all(
    wanted.map((entry) => {
      const child = join(path, entry.name);
      return entry.isDirectory() ? newest(child) : modifiedAt(child);
    }),
  );
  return Math.max(0, ...times);
};

const modifiedAt = async (path: string): Promise<number> => {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
};
