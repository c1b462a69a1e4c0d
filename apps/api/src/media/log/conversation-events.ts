import { LIMITS } from '@claimcheck/contracts/limits';
import type { Media } from '@claimcheck/contracts/media';
import type {
  ConversationEvent,
  ConversationEventPayloads,
  ConversationEventType,
} from '@claimcheck/contracts/socket-events';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';

// Space for the conversation's id, the seq, and the names around the payload.
const ENVELOPE_BYTES = 256;

/** Returns whether a payload fits into an event's 8 KiB. */
export const fits = (payload: object): boolean =>
  Buffer.byteLength(JSON.stringify(payload)) + ENVELOPE_BYTES <= LIMITS.eventBytes;

/** @throws ProblemError `too_large` when the event would not fit its 8 KiB */
export const assertFits = (payload: object): void => {
  if (!fits(payload))
    throw new ProblemError('too_large', {
      detail: 'Body, data, and all of alt and filename together are too long for one event.',
    });
};

/**
 * Appends events of one type to a conversation's log, in one statement. Their numbers come from the conversation's row,
 * which stays locked until the commit: numbers follow the order of commits and have no gap. Call it after every other lock
 * of the transaction, and for several conversations in ascending order of their ids.
 *
 * @returns the seq of the first event; the others follow it
 * @throws ProblemError `not_found` · `too_large`
 */
export const appendEvents = async <Type extends ConversationEventType>(
  tx: Transaction,
  conversationId: string,
  type: Type,
  payloads: readonly ConversationEventPayloads[Type][],
): Promise<number> => {
  for (const payload of payloads) assertFits(payload);
  const count = payloads.length;
  const [next] = await tx.query<{ first_seq: bigint }>(Prisma.sql`
    WITH next AS (
      UPDATE conversation SET last_seq = last_seq + ${count}::int
      WHERE conversation_id = ${conversationId} RETURNING last_seq - ${count}::int AS seq_before),
    logged AS (
      INSERT INTO conversation_event (conversation_id, seq, type, payload)
      SELECT ${conversationId}, seq_before + place, ${type}::event_type, payload
      FROM next, jsonb_array_elements(${JSON.stringify(payloads)}::jsonb) WITH ORDINALITY AS new (payload, place))
    SELECT seq_before + 1 AS first_seq FROM next`);
  if (next === undefined) throw new ProblemError('not_found');
  const first = Number(next.first_seq);
  for (const [index, payload] of payloads.entries())
    tx.facts.push({
      fact: 'conversation_event',
      event: { conversation_id: conversationId, seq: first + index, type, ...payload } as ConversationEvent,
    });
  return first;
};

/** Appends one event. @returns its seq @throws as {@link appendEvents} */
export const appendEvent = <Type extends ConversationEventType>(
  tx: Transaction,
  conversationId: string,
  type: Type,
  payload: ConversationEventPayloads[Type],
): Promise<number> => appendEvents(tx, conversationId, type, [payload]);

/**
 * Appends the same change of a media object to several conversations, in one statement, which locks them in ascending
 * order. It skips conversations that no longer exist.
 */
export const appendMediaUpdate = async (
  tx: Transaction,
  conversationIds: readonly string[],
  media: Media,
): Promise<void> => {
  if (conversationIds.length === 0) return;
  assertFits({ media });
  const rows = await tx.query<{ conversation_id: string; seq: bigint }>(Prisma.sql`
    WITH locked AS (
      SELECT conversation_id FROM conversation WHERE conversation_id = ANY(${[...conversationIds]}::text[])
      ORDER BY conversation_id FOR NO KEY UPDATE),
    next AS (
      UPDATE conversation SET last_seq = last_seq + 1 FROM locked
      WHERE conversation.conversation_id = locked.conversation_id
      RETURNING conversation.conversation_id, last_seq)
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT conversation_id, last_seq, 'media.updated', ${JSON.stringify({ media })}::jsonb FROM next
    RETURNING conversation_id, seq`);
  for (const { conversation_id, seq } of rows)
    tx.facts.push({
      fact: 'conversation_event',
      event: { conversation_id, seq: Number(seq), type: 'media.updated', media },
    });
};
