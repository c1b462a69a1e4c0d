import type { Bus } from '@claimcheck/platform/nats/bus';

/**
 * Long-polls wait here, with one subscription for the whole process. Register before you read the database, or you miss a
 * change in between.
 */
export class MediaWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(bus: Bus) {
    const prefixLength = bus.subjects.mediaChanged('').length;
    bus.subscribe(bus.subjects.mediaChanged('*'), (_, subject) => this.#wake(subject.slice(prefixLength)));
    // Changes announced while the broker was down are lost, so every waiter reads again.
    bus.onReconnect(() => {
      for (const id of [...this.#waiting.keys()]) this.#wake(id);
    });
  }

  /** Resolves at the next change, after `ms`, or when `signal` aborts. Call `cancel` if you do not await it. */
  register(
    mediaObjectId: string,
    ms: number,
    signal: AbortSignal,
  ): { changed: Promise<void>; cancel: () => void } {
    let cancel = () => {};
    const changed = new Promise<void>((resolve) => {
      const waiters = this.#waiting.get(mediaObjectId) ?? new Set();
      this.#waiting.set(mediaObjectId, waiters);
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiters.delete(end);
        if (waiters.size === 0) this.#waiting.delete(mediaObjectId);
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
