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

const NEXT_EXPIRES_MS = 5_000;
/** While no message waits, one in this many slots asks the broker: an idle consumer costs nothing else. */
const PLACES_PER_REQUEST = 4;
const CHECK_MS = 2_000;
const RECOVERY_PAUSE_MS = 1_000;
const once = (work: () => void): (() => void) => {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
};

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
  /** Ends the wait for a slot; deliveries in work continue. */
  readonly #taking = new AbortController();
  /** Open requests for one message each; closed when stopping, so that the shutdown does not wait for them to expire. */
  readonly #requests = new Set<ConsumerMessages>();
  /** Requests that have received their message. */
  readonly #inWork = new Set<ConsumerMessages>();
  readonly #slots: Slots;
  /** Stream numbers of messages that failed here in order. */
  readonly #failedHere = new Set<number>();
  /** Turns to request a message. A loop passes its turn on when it has received one. */
  readonly #asking: Slots;
  #draining = false;
  /** A message failed, and it is not yet known whether the next would fail too. */
  #doubts = false;
  #loops: Promise<void>[] = [];

  constructor(options: ConsumerOptions<Payload>) {
    this.#options = options;
    this.#logger = options.logger.child({ consumer: options.durable });
    this.#delivery = { ...options, logger: this.#logger };
    this.#deadLetters = new DeadLetters(options.bus);
    const { concurrency: total, largeConcurrency: large = total } = options;
    this.#slots = new Slots({ total, large });
    const asking = Math.ceil(total / PLACES_PER_REQUEST);
    this.#asking = new Slots({ total: asking, large: asking });
  }

  /** Creates the durable consumer and starts the loops. @throws when the stream does not exist */
  async start(): Promise<void> {
    await this.#ensureConsumer();
    const { concurrency, largeConcurrency = concurrency } = this.#options;
    // Large messages wait here for their turn, while small ones pass them; other processes take the rest.
    const waiting = largeConcurrency < concurrency ? concurrency : 0;
    this.#loops = Array.from({ length: concurrency + waiting }, () => this.#runLoop());
  }

  /**
   * Takes no new messages. Messages in work get `graceMs` to end, then their signal is aborted. Unacknowledged ones are
   * delivered again, to this process or another.
   */
  async stop(graceMs = 0): Promise<void> {
    this.#draining = true;
    this.#taking.abort(new Error('shutting down'));
    for (const request of this.#requests) request.stop();
    const ended = Promise.allSettled(this.#loops);
    const timer = setTimeout(() => this.#stopping.abort(new Error('shutting down')), graceMs);
    await ended;
    clearTimeout(timer);
  }

  #ensureConsumer(): Promise<void> {
    return ensureConsumer(this.#options, this.#logger);
  }

  async #runLoop(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.#draining) {
      try {
        if (this.#doubts && !(await this.#recovers())) continue;
        consumer ??= await this.#consumer();
        await this.#processNext(consumer);
      } catch (error) {
        if (this.#draining) return;
        // The connection has already logged, once, that the broker is down.
        if (this.#options.bus.isConnected) this.#logger.warn({ err: error }, 'consumer interrupted');
        consumer = undefined;
        await pause(RECOVERY_PAUSE_MS, undefined, { signal: this.#stopping.signal }).catch(() => {
          // Stopped meanwhile.
        });
        await this.#ensureConsumer().catch(() => {
          // Still down; the next round tries again.
        });
      }
    }
  }

  /** @returns whether to continue at once; otherwise after a short pause */
  async #recovers(): Promise<boolean> {
    try {
      const { checkNeeds } = this.#options;
      if (checkNeeds !== undefined) await within(CHECK_MS, checkNeeds);
      this.#doubts = false;
      return true;
    } catch {
      await pause(RECOVERY_PAUSE_MS, undefined, { signal: this.#taking.signal }).catch(() => {
        // Stopped meanwhile.
      });
      return false;
    }
  }

  /** Takes one message per slot and none in reserve: a message that waits here would lose its ack_wait. */
  async #processNext(consumer: Consumer): Promise<void> {
    const turn = await this.#asking.take(this.#taking.signal);
    const endTurn = once(() => turn.release());
    try {
      const slot = await this.#slots.take(this.#taking.signal);
      try {
        await this.#processOne(consumer, slot, endTurn);
      } finally {
        slot.release();
      }
    } finally {
      endTurn();
    }
  }

  async #processOne(consumer: Consumer, slot: Slot, onAnswered: () => void): Promise<void> {
    const request = await consumer.fetch({ max_messages: 1, expires: NEXT_EXPIRES_MS });
    this.#requests.add(request);
    if (this.#draining) request.stop();
    try {
      for await (const message of request) {
        this.#inWork.add(request);
        onAnswered();
        await this.#process(message, slot);
      }
    } finally {
      this.#requests.delete(request);
      this.#inWork.delete(request);
    }
  }

  async #consumer(): Promise<Consumer> {
    return this.#options.bus.jetstream.consumers.get(this.#options.stream, this.#options.durable);
  }

  #isSuspect({ info, seq }: JsMsg): boolean {
    const hasFailedHere = this.#failedHere.delete(seq);
    return this.#options.isolateRedelivered === true && info.deliveryCount > 1 && !hasFailedHere;
  }

  async #isolate(slot: Slot): Promise<void> {
    // Loops that only wait for a message hold a slot too.
    for (const request of this.#requests) if (!this.#inWork.has(request)) request.stop();
    await slot.becomeAlone(this.#stopping.signal);
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
    if (this.#draining) {
      message.nak();
      return;
    }
    const heartbeat = setInterval(() => message.working(), this.#options.ackWaitMs / 3);
    try {
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
