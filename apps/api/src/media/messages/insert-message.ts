import type { Message } from '@claimcheck/contracts/messages';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { endExpiry } from '../record/bookkeeping.ts';
import type { MediaRow } from '../record/media-row.ts';

export type NumberlessMessage = Omit<Message, 'seq'>;

export interface NewMessage {
  message: NumberlessMessage;
  /** The message in the form for its event. */
  told: NumberlessMessage;
  /** `client_message_id`. */
  key: string;
  /** The media objects that it refers to, as the decision saw them. */
  media: readonly MediaRow[];
}

/** Expressions `locked` and `reference`: they hold the media objects while none has changed since it was read. */
const referring = (message: NumberlessMessage, media: readonly MediaRow[]) => {
  const ids = media.map(({ media_object_id }) => media_object_id);
  const revisions = media.map(({ rev }) => rev);
  return {
    locked: Prisma.sql`
      locked AS (
        SELECT media_object_id, rev FROM media_object WHERE media_object_id = ANY(${ids}::uuid[])
        ORDER BY media_object_id FOR NO KEY UPDATE),`,
    areUnchanged: Prisma.sql`
      AND ${ids.length}::int = (SELECT count(*) FROM locked
        JOIN unnest(${ids}::uuid[], ${revisions}::int[]) AS seen (media_object_id, rev) USING (media_object_id, rev))`,
    reference: Prisma.sql`
      media AS (${endExpiry(ids, Prisma.sql`next`)}),
      reference AS (
        INSERT INTO media_reference (media_object_id, kind, ref_id, conversation_id)
        SELECT media_object_id, 'message', ${message.message_id}, ${message.conversation_id} FROM media),`,
  };
};

const attachmentsOf = ({ message_id, attachments = [] }: NumberlessMessage): Prisma.Sql => {
  if (attachments.length === 0) return Prisma.empty;
  const rows = attachments.map(({ media: _, ...item }, position) => ({ ...item, position }));
  return Prisma.sql`
    attachment AS (
      INSERT INTO message_attachment (message_id, position, media_object_id, filename, alt)
      SELECT ${message_id}::uuid, item.position, item.media_object_id, item.filename, item.alt
      FROM next, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS item (position smallint, media_object_id uuid, filename text, alt text)),`;
};

/** Without media there is nothing to lock. */
const NO_MEDIA = { locked: Prisma.empty, areUnchanged: Prisma.empty, reference: Prisma.empty };

/**
 * Builds the statement that writes everything or nothing: the conversation's number, the message, its references and its
 * event. Locks media objects, then the conversation. Only then it asks whether the key was deleted, by a function, because
 * a function sees what was committed while this statement waited for the lock.
 */
const messageStatement = ({ message, told, key, media }: NewMessage): Prisma.Sql => {
  const { conversation_id, message_id, sender_user_id, message_type, created_at } = message;
  const data = message.data === undefined ? null : JSON.stringify(message.data);
  const { locked, areUnchanged, reference } = media.length === 0 ? NO_MEDIA : referring(message, media);
  return Prisma.sql`
    WITH ${locked}
    held AS (
      SELECT conversation_id FROM conversation WHERE conversation_id = ${conversation_id} ${areUnchanged}
      FOR NO KEY UPDATE),
    next AS (
      UPDATE conversation SET last_seq = last_seq + 1 FROM held
      WHERE conversation.conversation_id = held.conversation_id
        AND NOT is_message_deleted(${sender_user_id}, held.conversation_id, ${key})
      RETURNING last_seq),
    ${reference}
    message AS (
      INSERT INTO message (message_id, conversation_id, seq, sender_user_id, client_message_id, message_type,
        body, media_object_id, filename, alt, data, created_at)
      SELECT ${message_id}::uuid, ${conversation_id}, last_seq, ${sender_user_id}, ${key},
        ${message_type}::message_type, ${message.body ?? null}, ${message.media_object_id ?? null}::uuid,
        ${message.filename ?? null}, ${message.alt ?? null}, ${data}::jsonb, ${created_at}::timestamptz FROM next),
    ${attachmentsOf(message)}
    event AS (
      INSERT INTO conversation_event (conversation_id, seq, type, payload)
      SELECT ${conversation_id}, last_seq, 'message.created',
        jsonb_set(${JSON.stringify({ message: told })}::jsonb, '{message,seq}', to_jsonb(last_seq)) FROM next)
    SELECT last_seq AS seq FROM next`;
};

/**
 * Writes a message in one statement, which may be a transaction of its own.
 *
 * @returns its number; undefined when a media object has changed since, the key was deleted, or the conversation is gone
 */
export const insertMessage = async (on: Executor, made: NewMessage): Promise<number | undefined> => {
  const [row] = await on.query<{ seq: bigint }>(messageStatement(made));
  if (row === undefined) return undefined;
  const seq = Number(row.seq);
  const { conversation_id } = made.message;
  const message = { ...made.told, seq };
  const event: ConversationEvent = { conversation_id, seq, type: 'message.created', message };
  on.facts.push({ fact: 'conversation_event', event });
  return seq;
};
