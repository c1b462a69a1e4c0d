import { randomUUID } from 'node:crypto';
import type { OutboxClaim, OutboxRow } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { OutboxSender } from './outbox-sender.ts';

/** Longer than a publish may take, including the recording of its confirmation. */
export const OWN_LEASE_MS = 10_000;
/** Above this number the broker is slower than this process, and relays take the further messages. */
const MAX_UNDER_WAY = 2_000;

/**
 * Messages that this process writes. It claims them as it writes them, and publishes them right after the commit. A relay
 * takes them over only if this process dies in between, after the lease.
 */
export class OwnOutbox {
  readonly #id = randomUUID();
  readonly #bus: Pick<Bus, 'isConnected'>;
  readonly #sender: OutboxSender;
  readonly #underWay = new Set<Promise<unknown>>();
  #messages = 0;
  #stopped = false;

  constructor(bus: Pick<Bus, 'isConnected'>, sender: OutboxSender) {
    this.#bus = bus;
    this.#sender = sender;
  }

  /** Claims messages about to be written. Undefined: they are left to a relay. */
  claim(): OutboxClaim | undefined {
    const isAble = !this.#stopped && this.#bus.isConnected && this.#messages < MAX_UNDER_WAY;
    return isAble ? { id: this.#id, lease_ms: OWN_LEASE_MS } : undefined;
  }

  /** Never throws, since the transaction has already committed. */
  publish(rows: readonly OutboxRow[]): void {
    const messages = rows.map(({ payload, ...row }) => ({ ...row, payload: JSON.stringify(payload) }));
    this.#messages += messages.length;
    const work = this.#sender.send({ id: this.#id, messages }).finally(() => {
      this.#underWay.delete(work);
      this.#messages -= messages.length;
    });
    this.#underWay.add(work);
  }

  /** Resolves when every message committed here is published or released. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#underWay);
    await this.#sender.flush();
  }
}
