import { setTimeout as pause } from 'node:timers/promises';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Logger } from '@claimcheck/platform/process/logger';
import { inSpan } from '@claimcheck/platform/tracing/tracing';
import type { Claim, ClaimedMessage, OutboxClaims, Publication } from './outbox-claims.ts';

export interface OutboxSenderOptions {
  claims: OutboxClaims;
  bus: Bus;
  logger: Logger;
  onPublished?: ((count: number) => void) | undefined;
  onFailed?: ((count: number) => void) | undefined;
  failpoint?: Failpoint | undefined;
}

/** Confirmations are recorded when this many have arrived, or after this time. */
const BATCH = 250;
const GATHER_MS = 2_000;
const RETRY_MS = 1_000;
/** Beyond that, a relay claims the oldest when their lease ends; the broker drops repeated messages. */
const MAX_CONFIRMED = 10_000;

/**
 * Publishes claimed messages, and records the broker's confirmations in batches. Delivers at least once, with a message
 * id by which the broker drops repeated messages.
 */
export class OutboxSender {
  readonly #options: OutboxSenderOptions;
  #confirmed: Publication[] = [];
  #writing: Promise<void> | undefined;
  #endGathering = new AbortController();
  #isEnding = false;

  constructor(options: OutboxSenderOptions) {
    this.#options = options;
  }

  /**
   * Resolves when each message is confirmed or released.
   * @returns the messages that the broker did not take
   */
  async send(claim: Claim): Promise<ClaimedMessage[]> {
    const { claims, logger, onFailed, onPublished, failpoint } = this.#options;
    failpoint?.('relay.before_publish');
    const failed: ClaimedMessage[] = [];
    let reason: unknown;
    await Promise.all(
      claim.messages.map(async (message) => {
        try {
          const stream_seq = await this.#publish(message);
          this.#confirm({ id: message.id, stream_seq });
        } catch (error) {
          failed.push(message);
          reason = error;
        }
      }),
    );
    onPublished?.(claim.messages.length - failed.length);
    if (failed.length === 0) return failed;
    onFailed?.(failed.length);
    logger.warn({ err: reason, count: failed.length }, 'not published, will be tried again');
    await claims.giveBack(claim.id, failed).catch((error: unknown) => {
      logger.warn({ err: error, count: failed.length }, 'not given back: tried again when the lease is over');
    });
    return failed;
  }

  /** Resolves when every confirmation is recorded. */
  async flush(): Promise<void> {
    this.#isEnding = true;
    this.#endGathering.abort();
    await this.#writing;
  }

  #confirm(publication: Publication): void {
    this.#confirmed.push(publication);
    if (this.#confirmed.length > MAX_CONFIRMED) this.#confirmed.shift();
    if (this.#confirmed.length >= BATCH) this.#endGathering.abort();
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Never rejects: messages whose confirmation cannot be recorded are claimed again when their lease ends. */
  async #write(): Promise<void> {
    const { claims, failpoint, logger } = this.#options;
    while (this.#confirmed.length > 0) {
      await this.#gather();
      const batch = this.#confirmed.splice(0, BATCH);
      try {
        failpoint?.('relay.before_mark');
        await claims.confirm(batch);
      } catch (error) {
        logger.warn({ err: error, count: batch.length }, 'publications were not written down');
        if (this.#isEnding) return;
        await pause(RETRY_MS);
        this.#confirmed.unshift(...batch);
      }
    }
  }

  async #gather(): Promise<void> {
    if (this.#isEnding || this.#confirmed.length >= BATCH) return;
    this.#endGathering = new AbortController();
    await pause(GATHER_MS, undefined, { signal: this.#endGathering.signal }).catch(() => {
      // There is a batch by now, or the process ends.
    });
  }

  /** Starts no trace for a message without one: operators have no use for a trace of the sender alone. */
  #publish({ id, subject, payload, headers }: ClaimedMessage): Promise<number> {
    const { bus } = this.#options;
    const publish = () => bus.publish(subject, payload, { messageId: id, headers });
    const { traceparent: parent } = headers;
    if (parent === undefined) return publish();
    const attributes = { 'messaging.destination.name': subject };
    return inSpan(bus.tracing, 'publish outbox message', { kind: 'producer', parent, attributes }, publish);
  }
}
