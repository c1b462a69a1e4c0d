import type { Bus } from '@claimcheck/platform/nats/bus';

/** One of those who listen gets a message of the broker's. */
const GROUP = 'relays';

/**
 * "The outbox has an unclaimed message", told after the commit to one relay: this process's
 * own, or by core NATS one of the others. Best effort; relays look by themselves besides.
 */
export class OutboxSignal {
  readonly #bus: Bus;
  readonly #listeners = new Set<() => void>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  raise(): void {
    const [own] = this.#listeners;
    if (own === undefined) this.#bus.announce(this.#bus.subjects.outboxWakeUp, {});
    else own();
  }

  /** @returns how to stop listening */
  listen(listener: () => void): () => void {
    const unsubscribe = this.#bus.subscribe(this.#bus.subjects.outboxWakeUp, listener, { queue: GROUP });
    this.#listeners.add(listener);
    return () => {
      unsubscribe();
      this.#listeners.delete(listener);
    };
  }
}
