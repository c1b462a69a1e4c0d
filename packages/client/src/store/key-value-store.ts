/**
 * Keeps values across a reload, in a browser in IndexedDB. Values are anything that structured cloning accepts.
 * A store that fails may lose values but must not stop the chat: the SDK reports its errors to `onWarning` and
 * otherwise ignores them.
 */
export interface KeyValueStore {
  /** Whether values may hold the bytes of files. */
  readonly keepsBlobs: boolean;
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Returns all entries whose key starts with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<[key: string, value: unknown][]>;
  /** For stores shared between pages: calls back with the key of each value another page sets. Returns the unsubscriber. */
  watch?(listener: (key: string) => void): () => void;
  /** Called when the client closes: releases resources until the next use. */
  close?(): void;
}
