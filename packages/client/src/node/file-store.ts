import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyValueStore } from '../store/key-value-store.ts';

const SUFFIX = '.json';

/** Encodes a key as a file name. Keys contain addresses, and must not lead to another folder. */
const nameOf = (key: string): string => `${Buffer.from(key).toString('base64url')}${SUFFIX}`;
const keyOf = (name: string): string => Buffer.from(name.slice(0, -SUFFIX.length), 'base64url').toString();

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/**
 * A folder with a small JSON file for each entry: a bot's unsent messages survive its restart. The store does not keep
 * the bytes of files: start the upload again with the same `id`, and it resumes.
 */
export const fileStore = (folder: string): KeyValueStore => {
  const read = async (name: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(join(folder, name), 'utf8'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  return {
    keepsBlobs: false,
    get: (key) => read(nameOf(key)),
    set: async (key, value) => {
      await mkdir(folder, { recursive: true });
      const target = join(folder, nameOf(key));
      // The rename makes each file whole: the process may die while it writes.
      await writeFile(`${target}.new`, JSON.stringify(value));
      await rename(`${target}.new`, target);
    },
    delete: (key) => rm(join(folder, nameOf(key)), { force: true }),
    list: async (prefix) => {
      const names = await readdir(folder).catch((error) => {
        if (isMissing(error)) return [];
        throw error;
      });
      const wanted = names
        .filter((name) => name.endsWith(SUFFIX))
        .map(keyOf)
        .filter((key) => key.startsWith(prefix))
        .sort();
      return Promise.all(
        wanted.map(async (key): Promise<[string, unknown]> => [key, await read(nameOf(key))]),
      );
    },
  };
};
