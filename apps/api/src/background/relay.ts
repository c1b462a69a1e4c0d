import type { Database } from '@claimcheck/database/database';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { DomainConfig } from '../media/record/domain-config.ts';
import { type Claim, type ClaimedMessage, OutboxClaims, type TakenMessage } from './outbox-claims.ts';
import { OutboxSender } from './outbox-sender.ts';
import type { OutboxSignal } from './outbox-signal.ts';

export interface RelayOptions {
  database: Database;
  bus: Bus;
  signal: OutboxSignal;
  settings: Pick<DomainConfig, 'publicUrl'>;
  logger: Logger;
  /** Time until another relay takes over a dead relay's messages. Longer than a publish may take. Milliseconds. */
  leaseMs?: number;
  /** Interval between checks without a signal, for unclaimed messages and for expired leases. Milliseconds. */
  pollMs?: number;
  onClaimed?: (count: number, seconds: number) => void;
  onPublished?: (count: number) => void;
  onFailed?: (count: number) => void;
  failpoint?: Failpoint;
}

const BATCH = 250;
/** Claims in flight at the same time: the database works while the broker does. */
const CLAIMS_UNDER_WAY = 4;
const LEASE_MS = 10_000;
const POLL_MS = 1_000;
const RETRY_MS = 1_000;

/**
 * Publishes messages left in the outbox: unclaimed ones, and those of processes that died. Any number of relays run side
 * by side. Claims nothing while the broker is down.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #claims: OutboxClaims;
  readonly #sender: OutboxSender;
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
    const { bus, logger, onPublished, onFailed, failpoint } = options;
    this.#sender = new OutboxSender({ claims: this.#claims, bus, logger, onPublished, onFailed, failpoint });
  }

  start(): void {
    this.#stopListening = this.#options.signal.listen(() => this.#wake());
    this.#running = this.#run();
  }

  /** Resolves when every claimed message is published or released. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#wake();
    await this.#running;
    await Promise.all(this.#underWay);
    await this.#sender.flush();
  }

  #wake(): void {
    this.#woken = true;
    this.#endPause();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const more = this.#mayPublish() && (await this.#claimNext());
        if (!more) await this.#pause(this.#options.pollMs ?? POLL_MS);
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'outbox cannot be claimed, will be tried again');
        await this.#pause(RETRY_MS);
      }
    }
  }

  #mayPublish(): boolean {
    return this.#options.bus.isConnected && performance.now() >= this.#retryAt;
  }

  /** @returns whether there are probably more messages */
  async #claimNext(): Promise<boolean> {
    this.#woken = false;
    const began = performance.now();
    const claim = await this.#claims.take(BATCH);
    const count = claim.messages.length;
    this.#options.onClaimed?.(count, (performance.now() - began) / 1_000);
    if (count > 0) {
      const work = this.#publish(claim).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
    if (this.#underWay.size >= CLAIMS_UNDER_WAY) await Promise.race(this.#underWay);
    return count === BATCH;
  }

  /** Never rejects: messages that cannot be released are claimed again when their lease ends. */
  async #publish(claim: Claim<TakenMessage>): Promise<void> {
    const { bus, logger } = this.#options;
    try {
      const failed = await this.#sender.send(await this.#claims.restore(claim, this.#options.settings));
      if (failed.length === 0) return;
      // A broker that lost its files has lost its streams too.
      if (bus.isConnected) await bus.ensureStreams();
      // The relay pauses if the broker refuses messages for which it has streams. A message that no stream takes does not
      // delay the others, unless a whole claim consists of such messages: the next claim would follow at once.
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

  #pause(ms: number): Promise<void> {
    if (this.#woken || this.#stopped) {
      // The signal is used up: while the broker is down it must not make this loop spin.
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
