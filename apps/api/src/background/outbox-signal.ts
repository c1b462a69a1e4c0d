import type { Bus } from '@claimcheck/platform/nats/bus';

/** Each message of the broker goes to one of the listeners. */
const GROUP = 'relays';

/**
 * Signals after the commit that the outbox has an unclaimed message, to one relay: this process's own or, by core NATS,
 * another one. Best effort; relays also check the outbox periodically.
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

  /** @returns a function that stops listening */
  listen(listener: () => void): () => void {
    const unsubscribe = this.#bus.subscribe(this.#bus.subjects.outboxWakeUp, listener, { queue: GROUP });
    this.#listeners.add(listener);
    return () => {
      unsubscribe();
      this.#listeners.delete(listener);
    };
  }
}
