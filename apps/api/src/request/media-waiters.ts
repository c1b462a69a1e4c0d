import type { Bus } from '@claimcheck/platform/nats/bus';

/**
 * Long-polls wait here: one subscription for the process, whatever the number of waiters. Register before
 * reading the database, or a change in between is missed.
 */
export class MediaWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(bus: Bus) {
    const prefixLength = bus.subjects.mediaChanged('').length;
    bus.subscribe(bus.subjects.mediaChanged('*'), (_, subject) => this.#wake(subject.slice(prefixLength)));
    // Changes announced while the broker was away are lost: let everybody look again.
    bus.onReconnect(() => {
      for (const id of [...this.#waiting.keys()]) this.#wake(id);
    });
  }

  /** Resolves at the next change, after `ms`, or when `signal` is aborted; call `cancel` when not awaited. */
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
