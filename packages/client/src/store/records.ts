import { within } from '../within.ts';
import type { KeyValueStore } from './key-value-store.ts';

/** A store that does not answer within this time has failed: the client continues without it. */
const TIMEOUT_MS = 10_000;

/** Entries of one kind, of one user at one service. */
export class Records<Value extends { id: string }> {
  readonly #store: KeyValueStore;
  readonly #prefix: () => Promise<string>;
  readonly #onWarning: (error: unknown) => void;
  #isForgotten = false;
  /** Writes of one entry run in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: KeyValueStore, prefix: () => Promise<string>, onWarning: (error: unknown) => void) {
    this.#store = store;
    this.#prefix = prefix;
    this.#onWarning = onWarning;
  }

  get keepsBlobs(): boolean {
    return this.#store.keepsBlobs;
  }

  get(id: string): Promise<Value | undefined> {
    return this.#attempt(async (prefix) => (await this.#store.get(prefix + id)) as Value | undefined);
  }

  async list(): Promise<Value[]> {
    const entries = await this.#attempt((prefix) => this.#store.list(prefix));
    return (entries ?? []).map(([, value]) => value as Value);
  }

  async set(value: Value): Promise<void> {
    if (this.#isForgotten) return;
    await this.#attempt((prefix) => this.#store.set(prefix + value.id, value));
  }

  async delete(id: string): Promise<void> {
    await this.#attempt((prefix) => this.#store.delete(prefix + id));
  }

  /** Deletes all entries; later writes are dropped. */
  async forget(): Promise<void> {
    this.#isForgotten = true;
    await this.#attempt(async (prefix) => {
      for (const [key] of await this.#store.list(prefix)) await this.#store.delete(key);
    });
  }

  /** Calls back with the id of each entry that another page sets. */
  async watch(listener: (id: string) => void, signal: AbortSignal): Promise<void> {
    await this.#attempt(async (prefix) => {
      const end = this.#store.watch?.((key) => {
        if (key.startsWith(prefix)) listener(key.slice(prefix.length));
      });
      if (signal.aborted) end?.();
      else signal.addEventListener('abort', () => end?.(), { once: true });
    });
  }

  /** Reports an error of the store, and drops it. */
  #attempt<Result>(action: (prefix: string) => Promise<Result>): Promise<Result | undefined> {
    const attempt = this.#last.then(async () => {
      try {
        const prefix = await this.#prefix();
        return await within(TIMEOUT_MS, 'Storing on this device', action(prefix));
      } catch (error) {
        this.#onWarning(error);
        return undefined;
      }
    });
    this.#last = attempt;
    return attempt;
  }
}
