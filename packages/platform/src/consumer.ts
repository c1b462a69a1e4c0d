import { AckPolicy, type Consumer, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { z } from 'zod';
import type { Bus } from './bus.ts';
import type { Logger } from './logger.ts';

/** The message can never succeed: it goes to the dead letters at once. */
export class PoisonError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'PoisonError';
  }
}

export type Outcome = 'done' | 'retry' | 'dead_letter';

export interface ConsumerOptions<Payload> {
  bus: Bus;
  stream: string;
  durable: string;
  subject: string;
  schema: z.ZodType<Payload>;
  /** How many messages are worked on at once. */
  concurrency: number;
  /** Without an ack or a sign of life for this long, the server delivers again. Milliseconds. */
  ackWaitMs: number;
  /** Deliveries; one more goes to the dead letters before the handler sees it. */
  maxAttempts: number;
  handle: (payload: Payload, context: { attempt: number; signal: AbortSignal }) => Promise<void>;
  /** Told before a message that was delivered too often is given up. */
  onExhausted?: (payload: Payload, reason: string) => Promise<void>;
  onOutcome?: (outcome: Outcome) => void;
  logger: Logger;
}

const NEXT_EXPIRES_MS = 5_000;
const RECOVERY_PAUSE_MS = 1_000;
const RETRY_DELAYS_MS = [1_000, 5_000, 15_000, 60_000];

/**
 * A durable pull consumer: at least once, explicit acks, confirmed after the effect. A message that fails
 * its schema, or was delivered too often (a crash loop counts too), goes to the dead letters and never
 * stalls the next one. Survives the loss of the stream: it makes its consumer again.
 */
export class JetStreamConsumer<Payload> {
  readonly #options: ConsumerOptions<Payload>;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  /** Open requests for one message each; closed when stopping, so that nobody waits for them to expire. */
  readonly #requests = new Set<ConsumerMessages>();
  #draining = false;
  #slots: Promise<void>[] = [];

  constructor(options: ConsumerOptions<Payload>) {
    this.#options = options;
    this.#logger = options.logger.child({ consumer: options.durable });
  }

  /** Makes the durable consumer and starts the slots. @throws when the stream does not exist. */
  async start(): Promise<void> {
    await this.#ensureConsumer();
    this.#slots = Array.from({ length: this.#options.concurrency }, () => this.#runSlot());
  }

  /**
   * Takes no new message; messages in work get `graceMs` to end, then their signal is aborted.
   * What is not acked is delivered again, to this process or another.
   */
  async stop(graceMs = 0): Promise<void> {
    this.#draining = true;
    for (const request of this.#requests) request.stop();
    const ended = Promise.allSettled(this.#slots);
    const timer = setTimeout(() => this.#stopping.abort(new Error('shutting down')), graceMs);
    await ended;
    clearTimeout(timer);
  }

  async #ensureConsumer(): Promise<void> {
    const { bus, stream, durable, subject, ackWaitMs } = this.#options;
    await bus.manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_deliver: -1,
    });
  }

  async #runSlot(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.#draining) {
      try {
        consumer ??= await this.#consumer();
        await this.#processNext(consumer);
      } catch (error) {
        if (this.#draining) return;
        this.#logger.warn({ err: error }, 'consumer interrupted');
        consumer = undefined;
        await pause(RECOVERY_PAUSE_MS, this.#stopping.signal);
        await this.#ensureConsumer().catch(() => {
          // Still away; the next round tries again.
        });
      }
    }
  }

  /** One message a slot and never one in reserve: a message that waits here would lose its ack_wait. */
  async #processNext(consumer: Consumer): Promise<void> {
    const request = await consumer.fetch({ max_messages: 1, expires: NEXT_EXPIRES_MS });
    this.#requests.add(request);
    if (this.#draining) request.stop();
    try {
      for await (const message of request) await this.#process(message);
    } finally {
      this.#requests.delete(request);
    }
  }

  async #consumer(): Promise<Consumer> {
    return this.#options.bus.jetstream.consumers.get(this.#options.stream, this.#options.durable);
  }

  async #process(message: JsMsg): Promise<void> {
    if (this.#draining) {
      message.nak();
      return;
    }
    const heartbeat = setInterval(() => message.working(), this.#options.ackWaitMs / 3);
    try {
      const outcome = await this.#settle(message);
      this.#options.onOutcome?.(outcome);
    } finally {
      clearInterval(heartbeat);
    }
  }

  async #settle(message: JsMsg): Promise<Outcome> {
    const attempt = message.info.deliveryCount;
    const payload = this.#parse(message);
    if (payload instanceof PoisonError) return this.#deadLetter(message, payload.message);
    if (attempt > this.#options.maxAttempts) {
      const reason = `delivered ${attempt} times without success`;
      await this.#options.onExhausted?.(payload, reason);
      return this.#deadLetter(message, reason);
    }
    try {
      await this.#options.handle(payload, { attempt, signal: this.#stopping.signal });
    } catch (error) {
      if (error instanceof PoisonError) return this.#deadLetter(message, error.message);
      const delay = this.#stopping.signal.aborted ? 0 : (RETRY_DELAYS_MS[attempt - 1] ?? 60_000);
      this.#logger.warn({ err: error, attempt, retry_in_ms: delay }, 'message failed, will be retried');
      message.nak(delay);
      return 'retry';
    }
    await message.ackAck();
    return 'done';
  }

  #parse(message: JsMsg): Payload | PoisonError {
    let json: unknown;
    try {
      json = message.json();
    } catch {
      return new PoisonError('the payload is not JSON');
    }
    const result = this.#options.schema.safeParse(json);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    return new PoisonError(`schema: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }

  async #deadLetter(message: JsMsg, reason: string): Promise<Outcome> {
    const { bus, durable, stream } = this.#options;
    this.#logger.error({ reason, stream_seq: message.seq }, 'message given up');
    await bus.publish(bus.subjects.deadLetter(durable), message.data, {
      messageId: `${stream}:${message.seq}:${durable}`,
      headers: {
        'Claimcheck-Reason': reason.replace(/[\r\n]+/g, ' ').slice(0, 500),
        'Claimcheck-Attempts': String(message.info.deliveryCount),
        'Claimcheck-Origin': message.subject,
      },
    });
    message.term(reason.slice(0, 100));
    return 'dead_letter';
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
