import type { KeyValueStore } from './key-value-store.ts';

const TABLE = 'entries';
/** Behind all keys that begin with a prefix. */
const LAST = '\uffff';

const settled = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const open = async (name: string): Promise<IDBDatabase> => {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(TABLE);
  return settled(request);
};

/** A browser's IndexedDB. Holds the bytes of files too. Its other tabs hear of what one of them sets. */
export const indexedDbStore = (name = 'claimcheck'): KeyValueStore => {
  let database: Promise<IDBDatabase> | undefined;
  let others: BroadcastChannel | undefined;
  const channel = () => {
    others ??= new BroadcastChannel(name);
    return others;
  };
  const table = async (mode: IDBTransactionMode) => {
    database ??= open(name).catch((error) => {
      // Private windows may refuse now and allow later.
      database = undefined;
      throw error;
    });
    return (await database).transaction(TABLE, mode).objectStore(TABLE);
  };
  return {
    keepsBlobs: true,
    get: async (key) => settled((await table('readonly')).get(key)),
    set: async (key, value) => {
      await settled((await table('readwrite')).put(value, key));
      channel().postMessage(key);
    },
    delete: async (key) => void (await settled((await table('readwrite')).delete(key))),
    list: async (prefix) => {
      const range = IDBKeyRange.bound(prefix, prefix + LAST);
      const entries = await table('readonly');
      const [keys, values] = await Promise.all([
        settled(entries.getAllKeys(range)),
        settled(entries.getAll(range)),
      ]);
      return keys.map((key, index) => [String(key), values[index]]);
    },
    watch: (listener) => {
      const hear = ({ data }: MessageEvent<unknown>) => listener(String(data));
      channel().addEventListener('message', hear);
      return () => channel().removeEventListener('message', hear);
    },
  };
};
