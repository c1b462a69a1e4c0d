import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryLockFile } from './file-lock.ts';

export interface DataDirectoryLock {
  readonly dataDir: string;
  release(): void;
}

/** Another process runs on this data directory. */
export class DataDirectoryInUseError extends Error {
  readonly pid: number | undefined;

  constructor(dataDir: string, holder: Holder | undefined) {
    const address = holder?.url === undefined ? '' : `, ${holder.url}`;
    super(`already running: pid ${holder?.pid ?? 'unknown'}${address} (data directory ${dataDir})`);
    this.name = 'DataDirectoryInUseError';
    this.pid = holder?.pid;
  }
}

interface Holder {
  pid: number;
  url?: string;
}

/**
 * Makes this process the only one on the data directory, and creates the directory if it is missing. The operating system
 * releases the lock with the process, so a crash leaves nothing to clean up.
 * @param url address of the running system; part of the error that a second process gets
 * @throws DataDirectoryInUseError with the holder's pid
 */
export const lockDataDirectory = (path: string, url?: string): DataDirectoryLock => {
  const dataDir = resolve(path);
  mkdirSync(dataDir, { recursive: true });
  const lock = tryLockFile(join(dataDir, 'lock'));
  const holderFile = join(dataDir, 'running.json');
  if (lock === undefined) throw new DataDirectoryInUseError(dataDir, readHolder(holderFile));
  const holder: Holder = { pid: process.pid, ...(url === undefined ? {} : { url }) };
  writeFileSync(holderFile, `${JSON.stringify(holder)}\n`);
  return {
    dataDir,
    release() {
      rmSync(holderFile, { force: true });
      lock.release();
    },
  };
};

/** For information only: the holder may be writing it at this very moment. */
const readHolder = (path: string): Holder | undefined => {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof holder !== 'object' || holder === null || !('pid' in holder)) return undefined;
    if (typeof holder.pid !== 'number') return undefined;
    const url = 'url' in holder && typeof holder.url === 'string' ? { url: holder.url } : {};
    return { pid: holder.pid, ...url };
  } catch {
    return undefined;
  }
};
