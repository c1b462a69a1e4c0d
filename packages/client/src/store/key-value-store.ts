/**
 * Where what must survive a reload is kept: in a browser IndexedDB. Values are anything that can be cloned by
 * structure. A store that fails may lose things, and must not keep anybody from chatting: what it throws is
 * reported with `onWarning` and otherwise ignored.
 */
export interface KeyValueStore {
  /** Whether values may hold the bytes of files. */
  readonly keepsBlobs: boolean;
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** All whose key begins with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<[key: string, value: unknown][]>;
  /** Where other pages share the store: tells the key of each value that they set. Returns what ends that. */
  watch?(listener: (key: string) => void): () => void;
  /** Called as the client is closed: lets go of what is held open, until it is used again. */
  close?(): void;
}
