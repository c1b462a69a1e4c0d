import type { KeyValueStore } from './key-value-store.ts';

/** Keeps entries for the lifetime of the process or page. */
export const memoryStore = (): KeyValueStore => {
  const values = new Map<string, unknown>();
  return {
    keepsBlobs: true,
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, structuredClone(value)),
    delete: async (key) => void values.delete(key),
    list: async (prefix) =>
      [...values].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
};
