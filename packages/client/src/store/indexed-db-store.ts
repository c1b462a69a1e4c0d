import type { KeyValueStore } from './key-value-store.ts';

const TABLE = 'entries';
/** A key behind all keys that start with a prefix. */
const LAST = '\uffff';

const settled = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A request that succeeded is not stored yet: a full disk ends the transaction later. */
const completed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

const open = async (name: string): Promise<IDBDatabase> => {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(TABLE);
  return settled(request);
};

/** Stores entries in a browser's IndexedDB, bytes of files too. Reports changes to the origin's other tabs. */
export const indexedDbStore = (name = 'claimcheck'): KeyValueStore => {
  let database: Promise<IDBDatabase> | undefined;
  let others: BroadcastChannel | undefined;
  const channel = () => {
    others ??= new BroadcastChannel(name);
    return others;
  };
  const close = () => {
    void database?.then((opened) => opened.close()).catch(() => {});
    database = undefined;
  };
  const closeAll = () => {
    close();
    others?.close();
    others = undefined;
  };
  const connect = async (): Promise<IDBDatabase> => {
    try {
      const opened = await open(name);
      // The browser closed it, for example because the user cleared the site's data.
      opened.onclose = close;
      // Another tab deletes or upgrades the database: an open connection would block that.
      opened.onversionchange = close;
      return opened;
    } catch (error) {
      // Private windows may refuse now and allow later.
      database = undefined;
      throw error;
    }
  };
  const table = async (mode: IDBTransactionMode) => {
    database ??= connect();
    return (await database).transaction(TABLE, mode).objectStore(TABLE);
  };
  const change = async (action: (entries: IDBObjectStore) => void) => {
    const entries = await table('readwrite');
    action(entries);
    await completed(entries.transaction);
  };
  return {
    keepsBlobs: true,
    get: async (key) => settled((await table('readonly')).get(key)),
    set: async (key, value) => {
      await change((entries) => entries.put(value, key));
      channel().postMessage(key);
    },
    delete: (key) => change((entries) => entries.delete(key)),
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
      return () => others?.removeEventListener('message', hear);
    },
    close: closeAll,
  };
};
