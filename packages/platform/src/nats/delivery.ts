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

/**
 * Decides the outcome of one delivery. The broker counts deliveries, so a message whose processing ends the process becomes
 * a dead letter too: from then on the handler does not see it.
 */
export const settleDelivery = async <Payload>(
  message: JsMsg,
  options: DeliveryOptions<Payload>,
  deadLetters: DeadLetters,
  context: Pick<HandlerContext, 'signal' | 'slot'>,
): Promise<Outcome> => {
  const attempt = message.info.deliveryCount;
  let hopeless: string | undefined;
  try {
    hopeless = await work(message, options, context);
  } catch (error) {
    if (!(error instanceof PoisonError)) {
      const delay = context.signal.aborted ? 0 : (RETRY_DELAYS_MS[attempt - 1] ?? LONGEST_RETRY_DELAY_MS);
      options.logger.warn({ err: error, attempt, retry_in_ms: delay }, 'message failed, will be retried');
      message.nak(delay);
      return 'retry';
    }
    hopeless = error.message;
  }
  if (hopeless !== undefined) return giveUp(message, hopeless, options, deadLetters);
  await message.ackAck();
  return 'done';
};

/** @returns why to abandon the message; undefined when it is done */
const work = async <Payload>(
  message: JsMsg,
  options: DeliveryOptions<Payload>,
  { signal, slot }: Pick<HandlerContext, 'signal' | 'slot'>,
): Promise<string | undefined> => {
  const { schema, maxAttempts, handle, onExhausted, countReleased, onRelease, logger } = options;
  const { deliveryCount } = message.info;
  const exhausted = `delivered ${deliveryCount} times without success`;
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
    return undefined;
  } catch (error) {
    if (signal.aborted) await onRelease?.(payload);
    // A process that shuts down releases the message to the next one.
    if (error instanceof PoisonError || attempt < maxAttempts || signal.aborted) throw error;
    logger.warn({ err: error, attempt }, 'message failed for the last time');
    await onExhausted?.(payload, 'error', context);
    return exhausted;
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
): Promise<Outcome> => {
  const { stream, deliveryCount } = message.info;
  const { seq, subject, data, headers } = message;
  const given = { stream, stream_seq: seq, subject, attempts: deliveryCount, payload: data, headers };
  await deadLetters.put(durable, given, reason);
  logger.error({ reason, stream_seq: seq, subject, attempts: deliveryCount }, 'message given up');
  message.term(reason.slice(0, TERM_REASON_LENGTH));
  return 'dead_letter';
};
