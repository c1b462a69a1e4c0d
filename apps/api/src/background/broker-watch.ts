import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { DeadLetters } from '@claimcheck/platform/nats/dead-letters';
import { isStreamNotFound } from '@claimcheck/platform/nats/is-stream-not-found';
import { consumersOf, oldestAge, unreadSubjects } from '@claimcheck/platform/nats/wiring';
import type { Logger } from '@claimcheck/platform/process/logger';

/** State of the broker at one check. */
export interface BrokerState {
  /** Messages by consumer that are neither acknowledged nor abandoned. */
  pending: Map<string, number>;
  /** Age of the oldest of them by consumer, in seconds. */
  oldestAge: Map<string, number>;
  /** Number of dead letters by consumer; consumers without any are absent. */
  deadLetters: Map<string, number>;
  unreadSubjects: string[];
}

export interface BrokerWatchOptions {
  bus: Bus;
  logger: Pick<Logger, 'error' | 'warn'>;
  everyMs: number;
  /** Whether this installation sends webhooks. Without them the broker's user may lack the right to ask about theirs. */
  hasWebhooks: boolean;
  onState: (state: BrokerState) => void;
}

type Consumers = Awaited<ReturnType<typeof consumersOf>>;

const SAY_AGAIN_MS = 600_000;

/**
 * Checks the broker periodically for faults that an operator must not miss, and recreates a missing stream. Safe in any
 * number of replicas.
 */
export class BrokerWatch {
  readonly #options: BrokerWatchOptions;
  readonly #deadLetters: DeadLetters;
  /** Time of the last warning for each subject. */
  readonly #said = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: BrokerWatchOptions) {
    this.#options = options;
    this.#deadLetters = new DeadLetters(options.bus);
  }

  /** The first check is delayed: workers that start together with this process may need longer. */
  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#look()
        .catch((error: unknown) => this.#mend(error))
        .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'the broker cannot be watched'))
        .finally(() => {
          if (!this.#stopped) this.start();
        });
    }, this.#options.everyMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    const { bus, onState } = this.#options;
    if (!bus.isConnected) return;
    const consumers = [...(await consumersOf(bus)), ...(await this.#webhookConsumer())];
    const state: BrokerState = {
      pending: new Map(consumers.map((info) => [info.name, info.num_pending + info.num_ack_pending])),
      oldestAge: await this.#oldestAges(consumers),
      deadLetters: await this.#deadLetters.counts(),
      unreadSubjects: await unreadSubjects(bus, consumers),
    };
    onState(state);
    this.#complain(state.unreadSubjects);
  }

  /** The stream of facts has consumers of hosts too, which are not ours to watch. */
  async #webhookConsumer(): Promise<Consumers> {
    const { bus, hasWebhooks } = this.#options;
    return hasWebhooks ? [await bus.manager.consumers.info(bus.streams.facts.name, CONSUMERS.webhooks)] : [];
  }

  /**
   * A cluster may lose a single stream, with a disk. The stream of dead letters would never return: no message is
   * published there until something fails, and the relay restores streams only when its own publishes fail.
   *
   * @throws the error, unless it is about a missing stream
   */
  async #mend(error: unknown): Promise<void> {
    const { bus, logger } = this.#options;
    if (!isStreamNotFound(error)) throw error;
    logger.warn(
      { err: error },
      'a stream is missing on the broker: whatever it held is lost, it is made again',
    );
    await bus.ensureStreams();
  }

  async #oldestAges(consumers: Consumers): Promise<Map<string, number>> {
    const ages = consumers.map(
      async (info) => [info.name, await oldestAge(this.#options.bus, info)] as const,
    );
    return new Map(await Promise.all(ages));
  }

  #complain(subjects: readonly string[]): void {
    const now = Date.now();
    for (const subject of this.#said.keys()) if (!subjects.includes(subject)) this.#said.delete(subject);
    for (const subject of subjects) {
      if (now - (this.#said.get(subject) ?? 0) < SAY_AGAIN_MS) continue;
      this.#said.set(subject, now);
      this.#options.logger.error(
        { subject },
        'no consumer reads this subject: uploads continue, and requests or answers there wait. Is a worker running, with the same APP_NAME and SUBJECT_ variables? See: claimcheck doctor',
      );
    }
  }
}
