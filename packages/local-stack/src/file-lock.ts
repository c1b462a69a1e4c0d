import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const SQLITE_BUSY = 5;
const RETRY_MS = 100;

export interface FileLock {
  release(): void;
}

/** Keeps handles reachable: collecting a handle would release its lock. */
const held = new Set<DatabaseSync>();

/**
 * Takes an exclusive lock that the operating system releases when this process ends, however it ends. So no lock is ever
 * stale, and a reused process id does no harm. Node has no flock; SQLite's exclusive transaction is one, and writes nothing
 * to the file.
 * @returns undefined when another holder, possibly within this process, has the lock
 */
export const tryLockFile = (path: string): FileLock | undefined => {
  const handle = new DatabaseSync(path, { timeout: 0 });
  try {
    handle.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    handle.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(handle);
  return {
    release() {
      if (held.delete(handle)) handle.close();
    },
  };
};

/**
 * Waits for the lock.
 * @throws Error when it is still held after `timeoutMs`; the abort reason when `signal` fires.
 */
export const lockFile = async (
  path: string,
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<FileLock> => {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const lock = tryLockFile(path);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      throw new Error(`another process still holds ${path} after ${Math.round(options.timeoutMs / 1000)} s`);
    }
    await delay(RETRY_MS, undefined, options.signal ? { signal: options.signal } : {});
  }
};
