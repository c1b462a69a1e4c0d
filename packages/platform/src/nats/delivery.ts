import type { JsMsg } from '@nats-io/jetstream';
import type { z } from 'zod';
import type { Logger } from '../process/logger.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Slot } from './slots.ts';

/** The message can never succeed: it becomes a dead letter at once. */
export class PoisonError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'PoisonError';
  }
}

export const OUTCOMES = ['done', 'retry', 'dead_letter'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface HandlerContext {
  /** 1 for the first delivery. */
  attempt: number;
  /** Deliveries so far, including those that an orderly shutdown released. */
  deliveries: number;
  signal: AbortSignal;
  /** The slot in which this message is processed. */
  slot: Slot;
}

/** `error`: its last attempt failed in order. `crash`: that attempt ended without a report, perhaps with its process. */
export type Exhaustion = 'error' | 'crash';

export interface DeliveryOptions<Payload> {
  durable: string;
  schema: z.ZodType<Payload>;
  /** Number of deliveries. The last one that fails becomes a dead letter; further ones do so without reaching the handler. */
  maxAttempts: number;
  handle: (payload: Payload, context: HandlerContext) => Promise<void>;
  /** Called before a message that was delivered too often is abandoned. */
  onExhausted?: (payload: Payload, end: Exhaustion, context: HandlerContext) => Promise<void>;
  /** Returns how many deliveries an orderly shutdown released: those are no attempts. */
  countReleased?: (payload: Payload) => Promise<number>;
  /** Called before an orderly shutdown releases a message in work. */
  onRelease?: (payload: Payload) => Promise<void>;
  logger: Logger;
}

const RETRY_DELAYS_MS = [1_000, 5_000, 15_000, 60_000];
const LONGEST_RETRY_DELAY_MS = 60_000;
/** How often even reading a message, or reporting that it is abandoned, may end the process. */
const LAST_CHANCES = 2;
const TERM_REASON_LENGTH = 100;

type Verdict =
  | { do: 'ack' }
  | { do: 'retry'; delayMs: number; error: unknown }
  | { do: 'dead_letter'; reason: string };

/**
 * Handles one delivery and tells the broker its outcome. The broker counts deliveries, so a message whose processing ends
 * the process becomes a dead letter too: from then on the handler does not see it.
 */
export const processDelivery = async <Payload>(
  message: JsMsg,
  options: DeliveryOptions<Payload>,
  deadLetters: DeadLetters,
  context: Pick<HandlerContext, 'signal' | 'slot'>,
): Promise<Outcome> => {
  const verdict = await judge(message, options, context);
  switch (verdict.do) {
    case 'ack':
      // Not confirmed: a message whose ack is lost is delivered again, and handlers expect that.
      message.ack();
      return 'done';
    case 'retry': {
      const { error, delayMs } = verdict;
      const attempt = message.info.deliveryCount;
      options.logger.warn({ err: error, attempt, retry_in_ms: delayMs }, 'message failed, will be retried');
      message.nak(delayMs);
      return 'retry';
    }
    case 'dead_letter':
      await giveUp(message, verdict.reason, options, deadLetters);
      return 'dead_letter';
  }
};

const judge = async <Payload>(
  message: JsMsg,
  options: DeliveryOptions<Payload>,
  context: Pick<HandlerContext, 'signal' | 'slot'>,
): Promise<Verdict> => {
  try {
    return await work(message, options, context);
  } catch (error) {
    if (error instanceof PoisonError) return { do: 'dead_letter', reason: error.message };
    // A process that shuts down releases the message to the next one.
    if (context.signal.aborted) return { do: 'retry', delayMs: 0, error };
    const delayMs = RETRY_DELAYS_MS[message.info.deliveryCount - 1] ?? LONGEST_RETRY_DELAY_MS;
    return { do: 'retry', delayMs, error };
  }
};

/** @throws PoisonError, or what the handler throws: the message is tried again */
const work = async <Payload>(
  message: JsMsg,
  options: DeliveryOptions<Payload>,
  { signal, slot }: Pick<HandlerContext, 'signal' | 'slot'>,
): Promise<Verdict> => {
  const { schema, maxAttempts, handle, onExhausted, countReleased, onRelease, logger } = options;
  const { deliveryCount } = message.info;
  const exhausted: Verdict = {
    do: 'dead_letter',
    reason: `delivered ${deliveryCount} times without success`,
  };
  if (countReleased === undefined && deliveryCount > maxAttempts + LAST_CHANCES) return exhausted;
  const payload = parse(message, schema);
  const released = deliveryCount === 1 ? 0 : ((await countReleased?.(payload)) ?? 0);
  const attempt = Math.max(1, deliveryCount - released);
  if (attempt > maxAttempts + LAST_CHANCES) return exhausted;
  const context = { signal, slot, attempt, deliveries: deliveryCount };
  if (attempt > maxAttempts) {
    await onExhausted?.(payload, 'crash', context);
    return exhausted;
  }
  try {
    await handle(payload, context);
    return { do: 'ack' };
  } catch (error) {
    if (signal.aborted) await onRelease?.(payload);
    if (error instanceof PoisonError || attempt < maxAttempts || signal.aborted) throw error;
    logger.warn({ err: error, attempt }, 'message failed for the last time');
    await onExhausted?.(payload, 'error', context);
    const last = error instanceof Error ? error.message : String(error);
    return { do: 'dead_letter', reason: `${exhausted.reason}: ${last}` };
  }
};

/** @throws PoisonError */
const parse = <Payload>(message: JsMsg, schema: z.ZodType<Payload>): Payload => {
  let json: unknown;
  try {
    json = message.json();
  } catch {
    throw new PoisonError('the payload is not JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new PoisonError(`schema: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
};

const giveUp = async <Payload>(
  message: JsMsg,
  reason: string,
  { durable, logger }: DeliveryOptions<Payload>,
  deadLetters: DeadLetters,
): Promise<void> => {
  const { stream, deliveryCount } = message.info;
  const { seq, subject, data, headers } = message;
  const given = { stream, stream_seq: seq, subject, attempts: deliveryCount, payload: data, headers };
  await deadLetters.put(durable, given, reason);
  logger.error({ reason, stream_seq: seq, subject, attempts: deliveryCount }, 'message given up');
  message.term(reason.slice(0, TERM_REASON_LENGTH));
};
