import { randomUUID } from 'node:crypto';
import type { Bus } from '@claimcheck/platform/nats/bus';

/**
 * "There is something in the outbox", told after the commit: at once in this process, by core NATS in the
 * others. Best effort; relays poll besides.
 */
export class OutboxSignal {
  readonly #bus: Bus;
  readonly #from = randomUUID();
  readonly #listeners = new Set<() => void>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  raise(): void {
    for (const listener of this.#listeners) listener();
    this.#bus.announce(this.#bus.subjects.outboxWakeUp, { from: this.#from });
  }

  /** @returns how to stop listening */
  listen(listener: () => void): () => void {
    // Our own comes back from the broker too; it was heard already.
    const own = JSON.stringify({ from: this.#from });
    const unsubscribe = this.#bus.subscribe(this.#bus.subjects.outboxWakeUp, (data) => {
      if (Buffer.from(data).toString() !== own) listener();
    });
    this.#listeners.add(listener);
    return () => {
      unsubscribe();
      this.#listeners.delete(listener);
    };
  }
}
