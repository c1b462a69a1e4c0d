import type { Bus } from '@claimcheck/platform/nats/bus';
import { within } from '@claimcheck/platform/process/within';

/** The subscription outlasts the last waiter by this time: a client asks again as soon as it is answered. */
const LINGER_MS = 60_000;
/** Time limit for the broker to learn of a subscription. */
const PATIENCE_MS = 1_000;

/**
 * Long-polls wait here, with one subscription for the whole process, while there are any. Register before you read the
 * database, or you miss a change in between.
 */
export class MediaWaiters {
  readonly #bus: Bus;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Resolves when the broker knows of the subscription; undefined: there is none. */
  #listening: Promise<void> | undefined;
  #unsubscribe: () => void = () => {};
  #lingering: NodeJS.Timeout | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
    // Changes announced while the broker was down are lost, so every waiter reads again.
    bus.onReconnect(() => {
      for (const id of [...this.#waiting.keys()]) this.#wake(id);
    });
  }

  /** Resolves at the next change, after `ms`, or when `signal` aborts. Call `cancel` if you do not await it. */
  async register(
    mediaObjectId: string,
    ms: number,
    signal: AbortSignal,
  ): Promise<{ changed: Promise<void>; cancel: () => void }> {
    const registered = this.#add(mediaObjectId, ms, signal);
    await this.#listen();
    return registered;
  }

  #listen(): Promise<void> {
    clearTimeout(this.#lingering);
    this.#listening ??= this.#subscribe();
    return this.#listening;
  }

  async #subscribe(): Promise<void> {
    const { subjects } = this.#bus;
    const prefixLength = subjects.mediaChanged('').length;
    try {
      this.#unsubscribe = this.#bus.subscribe(subjects.mediaChanged('*'), (_, subject) =>
        this.#wake(subject.slice(prefixLength)),
      );
      await within(PATIENCE_MS, () => this.#bus.check());
    } catch {
      // The next reconnect wakes everybody.
    }
  }

  #leave(): void {
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => {
      this.#unsubscribe();
      this.#listening = undefined;
    }, LINGER_MS).unref();
  }

  #add(
    mediaObjectId: string,
    ms: number,
    signal: AbortSignal,
  ): { changed: Promise<void>; cancel: () => void } {
    let cancel = () => {};
    const changed = new Promise<void>((resolve) => {
      const waiters = this.#waiting.get(mediaObjectId) ?? new Set();
      this.#waiting.set(mediaObjectId, waiters);
      const end = () => {
        // Once: a later waiter for the same media object may have another set by now.
        if (!waiters.delete(end)) return;
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        if (waiters.size === 0) this.#waiting.delete(mediaObjectId);
        if (this.#waiting.size === 0) this.#leave();
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      waiters.add(end);
      cancel = end;
    });
    return { changed, cancel: () => cancel() };
  }

  #wake(mediaObjectId: string): void {
    for (const end of [...(this.#waiting.get(mediaObjectId) ?? [])]) end();
  }
}
