import type { CommittedFact } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { OutboxSignal } from './outbox-signal.ts';
import type { OwnOutbox } from './own-outbox.ts';

/**
 * Announces committed changes on core NATS, best effort: gateways and waiters that miss an announcement find the change
 * in Postgres. Never throws, since the transaction has already committed.
 */
export class Announcer {
  readonly #bus: Bus;
  readonly #signal: OutboxSignal;
  readonly #outbox: OwnOutbox;

  constructor(bus: Bus, signal: OutboxSignal, outbox: OwnOutbox) {
    this.#bus = bus;
    this.#signal = signal;
    this.#outbox = outbox;
  }

  readonly announce = (facts: CommittedFact[]): void => {
    for (const fact of facts) this.#announceOne(fact);
  };

  #announceOne(fact: CommittedFact): void {
    const { subjects } = this.#bus;
    if (fact.fact === 'outbox') {
      if (fact.claim === undefined) this.#signal.raise();
      else this.#outbox.publish(fact.messages);
    }
    if (fact.fact === 'conversation_event')
      this.#bus.announce(subjects.conversation(fact.event.conversation_id), fact.event);
    if (fact.fact === 'membership') this.#bus.announce(subjects.user(fact.user_id), fact.announcement);
    if (fact.fact === 'media_changed')
      this.#bus.announce(subjects.mediaChanged(fact.media_object_id), { rev: fact.rev });
    if (fact.fact === 'media_progress')
      for (const conversation_id of fact.conversation_ids)
        this.#bus.announce(subjects.conversation(conversation_id), {
          conversation_id,
          type: 'media.progress',
          media_object_id: fact.media_object_id,
          percent: fact.percent,
        });
  }
}
