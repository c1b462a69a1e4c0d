import type { Database } from '@claimcheck/database/database';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Logger } from '@claimcheck/platform/process/logger';
import { inSpan } from '@claimcheck/platform/tracing/tracing';
import { type Claim, type ClaimedMessage, OutboxClaims, type Publication } from './outbox-claims.ts';
import type { OutboxSignal } from './outbox-signal.ts';

export interface RelayOptions {
  database: Database;
  bus: Bus;
  signal: OutboxSignal;
  logger: Logger;
  /** How long a dead relay's messages wait for another one. Longer than a publish may take. Milliseconds. */
  leaseMs?: number;
  onClaimed?: (count: number, seconds: number) => void;
  onPublished?: (count: number) => void;
  onFailed?: (count: number) => void;
  failpoint?: Failpoint;
}

const BATCH = 250;
/** Claims whose messages are on their way at the same time: the database works while the broker does. */
const CLAIMS_UNDER_WAY = 4;
const LEASE_MS = 10_000;
const POLL_MS = 100;
const RETRY_MS = 1_000;

/**
 * Publishes outbox messages to JetStream, at least once: a repeated publish has the same message id, which
 * the broker drops. Any number of relays run side by side. Claims nothing while the broker is away.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #claims: OutboxClaims;
  readonly #underWay = new Set<Promise<void>>();
  #stopped = false;
  #running: Promise<void> | undefined;
  #stopListening: () => void = () => {};
  #endPause: () => void = () => {};
  #woken = false;
  #retryAt = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#claims = new OutboxClaims(options.database, options.leaseMs ?? LEASE_MS);
  }

  start(): void {
    this.#stopListening = this.#options.signal.listen(() => this.#wake());
    this.#running = this.#run();
  }

  /** Resolves when what was claimed is published, or given back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#wake();
    await this.#running;
    await Promise.all(this.#underWay);
  }

  #wake(): void {
    this.#woken = true;
    this.#endPause();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const more = this.#mayPublish() && (await this.#claimNext());
        if (!more) await this.#pause(POLL_MS);
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'outbox can not be claimed, will be tried again');
        await this.#pause(RETRY_MS);
      }
    }
  }

  #mayPublish(): boolean {
    return this.#options.bus.isConnected && performance.now() >= this.#retryAt;
  }

  /** @returns whether there is probably more */
  async #claimNext(): Promise<boolean> {
    this.#woken = false;
    const began = performance.now();
    const claim = await this.#claims.take(BATCH);
    const count = claim.messages.length;
    this.#options.onClaimed?.(count, (performance.now() - began) / 1_000);
    if (count > 0) {
      this.#options.failpoint?.('relay.before_publish');
      const work = this.#publish(claim).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
    if (this.#underWay.size >= CLAIMS_UNDER_WAY) await Promise.race(this.#underWay);
    return count === BATCH;
  }

  /** Never rejects: what can't be marked or given back is claimed again when its lease is over. */
  async #publish(claim: Claim): Promise<void> {
    const { bus, logger, onPublished, onFailed } = this.#options;
    const published: Publication[] = [];
    const failed: ClaimedMessage[] = [];
    let reason: unknown;
    await Promise.all(
      claim.messages.map(async (message) => {
        try {
          published.push({ id: message.id, stream_seq: await this.#publishOne(message) });
        } catch (error) {
          failed.push(message);
          reason = error;
        }
      }),
    );
    try {
      this.#options.failpoint?.('relay.before_mark');
      if (published.length > 0) await this.#claims.markPublished(published);
      onPublished?.(published.length);
      if (failed.length === 0) return;
      onFailed?.(failed.length);
      logger.warn({ err: reason, count: failed.length }, 'not published, will be tried again');
      await this.#claims.giveBack(
        claim.id,
        failed.map(({ id }) => id),
      );
      // A broker that lost its files has no streams any more.
      if (bus.isConnected) await bus.ensureStreams();
      // A broker that refuses what it has streams for is left alone for a while. What no stream takes keeps
      // nobody else waiting, unless there is a whole claim of it, which would be followed by the next at once.
      if (failed.length === BATCH || (await this.#isRefused(failed))) this.#rest();
    } catch (error) {
      this.#rest();
      logger.warn({ err: error }, 'relay interrupted');
    }
  }

  #rest(): void {
    this.#retryAt = performance.now() + RETRY_MS;
  }

  async #isRefused(failed: readonly ClaimedMessage[]): Promise<boolean> {
    const subjects = [...new Set(failed.map(({ subject }) => subject))];
    const streams = await Promise.all(subjects.map((subject) => this.#options.bus.streamOf(subject)));
    return streams.some((stream) => stream !== undefined);
  }

  /** What belongs to no trace begins none: the relay does nothing that somebody would look for by itself. */
  #publishOne({ id, subject, payload, headers }: ClaimedMessage): Promise<number> {
    const { bus } = this.#options;
    const publish = () => bus.publish(subject, payload, { messageId: id, headers });
    const { traceparent: parent } = headers;
    if (parent === undefined) return publish();
    const attributes = { 'messaging.destination.name': subject };
    return inSpan(bus.tracing, 'publish outbox message', { kind: 'producer', parent, attributes }, publish);
  }

  #pause(ms: number): Promise<void> {
    if (this.#woken || this.#stopped) {
      // Spent: while the broker is away a signal must not make this loop spin.
      this.#woken = false;
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
