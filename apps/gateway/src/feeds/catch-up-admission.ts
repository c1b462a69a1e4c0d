import { Semaphore } from '@claimcheck/platform/process/semaphore';

// Pages for a catch-up stay in memory until the client has them. A few dozen at once keep the database busy; a
// thousand would only compete for memory and time.
const AT_ONCE = 64;
// At a thousand a second, a client behind this many would have stopped waiting before its turn.
const MAX_WAITING = 10_000;

/**
 * Limits how many sockets catch up at a time, over all users: after a restart all clients return at once. A replay that waits
 * for its own client to read holds no slot, so slow clients do not delay the others.
 */
export class CatchUpAdmission {
  readonly #places = new Semaphore(AT_ONCE);

  get waiting(): number {
    return this.#places.waiting;
  }

  /** Whether too many wait already: an answer to retry later is better than a time-out. */
  get isFull(): boolean {
    return this.#places.waiting >= MAX_WAITING;
  }

  run<Result>(catchUp: () => Promise<Result>): Promise<Result> {
    return this.#places.run(catchUp);
  }

  /** For use within `run`: other sockets may take the slot while `wait` lasts. */
  async aside(wait: () => Promise<void>): Promise<void> {
    this.#places.release();
    try {
      await wait();
    } finally {
      await this.#places.acquire();
    }
  }
}
