import { setTimeout as pause } from 'node:timers/promises';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Logger } from '../process/logger.ts';
import { within } from '../process/within.ts';
import { inSpan } from '../tracing/tracing.ts';
import type { Bus } from './bus.ts';
import { DeadLetters } from './dead-letters.ts';
import { type DeliveryOptions, type Outcome, processDelivery } from './delivery.ts';
import { ensureConsumer } from './ensure-consumer.ts';
import { type Slot, Slots } from './slots.ts';

export interface ConsumerOptions<Payload> extends DeliveryOptions<Payload> {
  bus: Bus;
  stream: string;
  subject: string;
  /** Number of messages processed at the same time. */
  concurrency: number;
  /** How many of them may be large, as handlers report for their slot (default: all). */
  largeConcurrency?: number;
  /** Without an ack or a sign of life for this long, the server redelivers. Milliseconds. */
  ackWaitMs: number;
  /**
   * Throws when a dependency of the handler does not answer; silence for 2 s counts as well. Called after a failure, before
   * the next message: the broker counts deliveries, and an outage must not use them up.
   */
  checkNeeds?: () => Promise<void>;
  /**
   * Processes a message alone that was delivered before and not released in order: it may have ended its process, and must
   * not take others with it.
   */
  isolateRedelivered?: boolean;
  onOutcome?: (outcome: Outcome) => void;
}

/** An idle consumer asks once in this time. A request that the broker lost without a word ends as late. */
const EXPIRES_MS = 10_000;
const CHECK_MS = 2_000;
const RECOVERY_PAUSE_MS = 1_000;

/**
 * A durable pull consumer: at least once, with explicit acks, which follow the effect. A message that fails its schema, or
 * was delivered too often (a crash loop counts too), becomes a dead letter and never stalls the next one. Recreates its
 * consumer after the loss of the stream.
 */
export class JetStreamConsumer<Payload> {
  readonly #options: ConsumerOptions<Payload>;
  readonly #logger: Logger;
  readonly #delivery: DeliveryOptions<Payload>;
  readonly #deadLetters: DeadLetters;
  readonly #stopping = new AbortController();
  /** Ends the wait for slots; deliveries in work continue. */
  readonly #taking = new AbortController();
  /** The open request; closed when stopping, so that the shutdown does not wait for it to expire. */
  #request: ConsumerMessages | undefined;
  readonly #inWork = new Set<Promise<void>>();
  readonly #slots: Slots;
  /** Stream numbers of messages that failed here in order. */
  readonly #failedHere = new Set<number>();
  #draining = false;
  /** A message failed, and it is not yet known whether the next would fail too. */
  #doubts = false;
  #recovery: Promise<void> | undefined;
  /** Messages that wait for all slots. Until they have them, this process takes no others. */
  #isolating: Promise<unknown> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions<Payload>) {
    this.#options = options;
    this.#logger = options.logger.child({ consumer: options.durable });
    this.#delivery = { ...options, logger: this.#logger };
    this.#deadLetters = new DeadLetters(options.bus);
    const { concurrency: total, largeConcurrency: large = total } = options;
    this.#slots = new Slots({ total, large });
  }

  /** Creates the durable consumer and starts to ask for messages. @throws when the stream does not exist */
  async start(): Promise<void> {
    await this.#ensureConsumer();
    this.#running = this.#run();
  }

  /**
   * Takes no new messages. Messages in work get `graceMs` to end, then their signal is aborted. Unacknowledged ones are
   * delivered again, to this process or another.
   */
  async stop(graceMs = 0): Promise<void> {
    this.#draining = true;
    this.#taking.abort(new Error('shutting down'));
    this.#request?.stop();
    const timer = setTimeout(() => this.#stopping.abort(new Error('shutting down')), graceMs);
    await this.#running;
    await Promise.all(this.#inWork);
    clearTimeout(timer);
  }

  #ensureConsumer(): Promise<void> {
    return ensureConsumer(this.#options, this.#logger);
  }

  async #run(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.#draining) {
      try {
        await this.#recovered();
        consumer ??= await this.#consumer();
        await this.#isolating;
        await this.#takeMessages(consumer);
      } catch (error) {
        if (this.#draining) return;
        this.#warn(error);
        consumer = undefined;
        await this.#pause();
        await this.#ensureConsumer().catch(() => {
          // Still down; the next round tries again.
        });
      }
    }
  }

  #warn(error: unknown): void {
    // The connection has already logged, once, that the broker is down.
    if (this.#options.bus.isConnected) this.#logger.warn({ err: error }, 'consumer interrupted');
  }

  async #pause(): Promise<void> {
    await pause(RECOVERY_PAUSE_MS, undefined, { signal: this.#taking.signal }).catch(() => {
      // Stopped meanwhile.
    });
  }

  /** Resolves when there is no doubt that messages can be processed, or when stopping. */
  async #recovered(): Promise<void> {
    if (!this.#doubts) return;
    this.#recovery ??= this.#recover().finally(() => {
      this.#recovery = undefined;
    });
    await this.#recovery;
  }

  async #recover(): Promise<void> {
    const { checkNeeds } = this.#options;
    while (this.#doubts && !this.#draining) {
      try {
        if (checkNeeds !== undefined) await within(CHECK_MS, checkNeeds);
        this.#doubts = false;
      } catch {
        await this.#pause();
      }
    }
  }

  /** Asks for a message per free slot, and none in reserve: a message that waits here would lose its ack_wait. */
  async #takeMessages(consumer: Consumer): Promise<void> {
    const slots = await this.#slots.takeFree(this.#taking.signal);
    try {
      const request = await consumer.fetch({ max_messages: slots.length, expires: EXPIRES_MS });
      this.#request = request;
      if (this.#draining || this.#isolating !== undefined) request.stop();
      // After a reconnect the client asks again for as many as at first.
      for await (const message of request)
        this.#begin(message, slots.pop() ?? (await this.#slots.take(this.#stopping.signal)));
    } finally {
      this.#request = undefined;
      for (const slot of slots) slot.release();
    }
  }

  #begin(message: JsMsg, slot: Slot): void {
    const work = this.#process(message, slot)
      .catch((error: unknown) => this.#warn(error))
      .finally(() => {
        slot.release();
        this.#inWork.delete(work);
      });
    this.#inWork.add(work);
  }

  async #consumer(): Promise<Consumer> {
    return this.#options.bus.jetstream.consumers.get(this.#options.stream, this.#options.durable);
  }

  #isSuspect({ info, seq }: JsMsg): boolean {
    const hasFailedHere = this.#failedHere.delete(seq);
    return this.#options.isolateRedelivered === true && info.deliveryCount > 1 && !hasFailedHere;
  }

  async #isolate(slot: Slot): Promise<void> {
    // It holds slots too.
    this.#request?.stop();
    const alone = slot.becomeAlone(this.#stopping.signal);
    const isolating = Promise.allSettled([this.#isolating, alone]).then(() => {
      if (this.#isolating === isolating) this.#isolating = undefined;
    });
    this.#isolating = isolating;
    await alone;
  }

  #traced<Result>(message: JsMsg, work: () => Promise<Result>): Promise<Result> {
    const { bus, durable } = this.#options;
    const attributes = {
      'messaging.destination.name': message.subject,
      'messaging.delivery_count': message.info.deliveryCount,
    };
    const parent = message.headers?.get('traceparent');
    return inSpan(bus.tracing, `process ${durable}`, { kind: 'consumer', parent, attributes }, work);
  }

  async #process(message: JsMsg, slot: Slot): Promise<void> {
    const heartbeat = setInterval(() => message.working(), this.#options.ackWaitMs / 3);
    try {
      await this.#recovered();
      if (this.#draining) {
        message.nak();
        return;
      }
      const context = { signal: this.#stopping.signal, slot };
      if (this.#isSuspect(message)) await this.#isolate(slot);
      const outcome = await this.#traced(message, () =>
        processDelivery(message, this.#delivery, this.#deadLetters, context),
      );
      if (outcome === 'retry') {
        this.#doubts = true;
        this.#failedHere.add(message.seq);
      }
      this.#options.onOutcome?.(outcome);
    } finally {
      clearInterval(heartbeat);
    }
  }
}
