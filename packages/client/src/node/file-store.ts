import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyValueStore } from '../store/key-value-store.ts';

const SUFFIX = '.json';

/** Keys hold addresses; names of files must not lead elsewhere. */
const nameOf = (key: string): string => `${Buffer.from(key).toString('base64url')}${SUFFIX}`;
const keyOf = (name: string): string => Buffer.from(name.slice(0, -SUFFIX.length), 'base64url').toString();

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/**
 * A folder with a small JSON file for each entry: what a bot has not sent yet survives its restart. Bytes of files
 * are not kept: start their upload again with the same `id`, and it continues where it was.
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
      // A name that is there is whole: a process may die while it writes.
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
