import { isTombstone } from '@claimcheck/contracts/media';
import type { Message, SendMessage } from '@claimcheck/contracts/messages';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import type { Prisma, Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { ProblemError } from '../../problem-error.ts';
import { maySee } from '../access/media-access.ts';
import { assertMember } from '../access/membership.ts';
import { appendEvent, assertFits } from '../log/conversation-events.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow, type Reader } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';
import { messageTypeOf } from './message-type.ts';
import { addReference, removeReference } from './references.ts';

const INCLUDE = { media_object: { include: { derivatives: true } } } as const;
type MessageRow = Prisma.messageGetPayload<{ include: typeof INCLUDE }>;

const toMessage = (row: MessageRow, publicUrl: string): Message => ({
  message_id: row.message_id,
  conversation_id: row.conversation_id,
  seq: Number(row.seq),
  sender_user_id: row.sender_user_id,
  message_type: row.message_type,
  body: row.body ?? undefined,
  media_object_id: row.media_object_id ?? undefined,
  filename: row.filename ?? undefined,
  alt: row.alt ?? undefined,
  media: row.media_object === null ? undefined : toMedia(row.media_object, publicUrl),
  created_at: row.created_at.toISOString(),
});

const findByClientKey = async (
  db: Reader,
  conversationId: string,
  senderId: string,
  clientMessageId: string,
): Promise<MessageRow | null> =>
  db.message.findUnique({
    where: {
      sender_user_id_conversation_id_client_message_id: {
        sender_user_id: senderId,
        conversation_id: conversationId,
        client_message_id: clientMessageId,
      },
    },
    include: INCLUDE,
  });

/** The media object to refer to, locked, so that no update slips between its state and the reference. */
const lockReferable = async (tx: Transaction, mediaObjectId: string, senderId: string): Promise<MediaRow> => {
  const media = await lockMedia(tx, mediaObjectId);
  const extra = { media_object_id: mediaObjectId, field: 'media_object_id' };
  if (media === undefined || !(await maySee(tx.db, media, senderId)))
    throw new ProblemError('not_found', extra);
  if (isTombstone(media.state)) throw new ProblemError('media_gone', extra);
  if (media.upload_state !== 'uploaded') throw new ProblemError('media_not_uploaded', extra);
  return media;
};

/**
 * Sends a message; the media is only referred to. The same (sender, conversation, client_message_id) again
 * gives the same message.
 *
 * @throws ProblemError `not_found` · `media_not_uploaded` · `media_gone` · `too_large`
 */
export const sendMessage = async (
  tx: Transaction,
  settings: DomainConfig,
  {
    conversation_id: conversationId,
    sender_user_id: senderId,
  }: Pick<Message, 'conversation_id' | 'sender_user_id'>,
  input: SendMessage,
): Promise<{ message: Message; created: boolean }> => {
  await assertMember(tx, conversationId, senderId);
  const known = await findByClientKey(tx.db, conversationId, senderId, input.client_message_id);
  if (known !== null) return { message: toMessage(known, settings.publicUrl), created: false };

  const mediaId = input.media_object_id;
  const messageId = uuidv7();
  const reference = { kind: 'message', ref_id: messageId, conversation_id: conversationId };
  const media =
    mediaId === undefined
      ? undefined
      : await addReference(tx, settings, await lockReferable(tx, mediaId, senderId), reference);
  const message: Omit<Message, 'seq'> = {
    message_id: messageId,
    conversation_id: conversationId,
    sender_user_id: senderId,
    message_type: messageTypeOf(input.message_type, media),
    body: input.body,
    media_object_id: mediaId,
    filename: input.filename,
    alt: input.alt,
    media: media === undefined ? undefined : toMedia(media, settings.publicUrl),
    created_at: new Date().toISOString(),
  };
  const seq = await insertWithEvent(tx, message, input.client_message_id);
  return { message: { ...message, seq }, created: true };
};

/** The conversation's number, the message and its event in one statement, the last of the transaction. */
const insertWithEvent = async (
  tx: Transaction,
  message: Omit<Message, 'seq'>,
  clientMessageId: string,
): Promise<number> => {
  assertFits({ message });
  const { conversation_id, message_id, sender_user_id, message_type, created_at } = message;
  const rows = await tx.db.$queryRaw<{ seq: bigint }[]>`
    WITH next AS (
      UPDATE conversation SET last_seq = last_seq + 1
      WHERE conversation_id = ${conversation_id} RETURNING last_seq),
    message AS (
      INSERT INTO message (message_id, conversation_id, seq, sender_user_id, client_message_id, message_type,
        body, media_object_id, filename, alt, created_at)
      SELECT ${message_id}::uuid, ${conversation_id}, last_seq, ${sender_user_id}, ${clientMessageId},
        ${message_type}::message_type, ${message.body ?? null}, ${message.media_object_id ?? null}::uuid,
        ${message.filename ?? null}, ${message.alt ?? null}, ${created_at}::timestamptz FROM next)
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT ${conversation_id}, last_seq, 'message.created',
      jsonb_set(${JSON.stringify({ message })}::jsonb, '{message,seq}', to_jsonb(last_seq)) FROM next
    RETURNING seq`;
  const row = rows[0];
  if (row === undefined) throw new ProblemError('not_found');
  const seq = Number(row.seq);
  const event: ConversationEvent = {
    conversation_id,
    seq,
    type: 'message.created',
    message: { ...message, seq },
  };
  tx.facts.push({ fact: 'conversation_event', event });
  return seq;
};

/** Newest first pages, each in ascending order; `last_seq` is read before the messages. */
export const listMessages = async (
  db: Reader,
  settings: DomainConfig,
  conversationId: string,
  page: { before_seq?: number | undefined; limit: number },
): Promise<{ messages: Message[]; last_seq: number }> => {
  const conversation = await db.conversation.findUniqueOrThrow({
    where: { conversation_id: conversationId },
    select: { last_seq: true },
  });
  const rows = await db.message.findMany({
    where: {
      conversation_id: conversationId,
      ...(page.before_seq === undefined ? {} : { seq: { lt: page.before_seq } }),
    },
    orderBy: { seq: 'desc' },
    take: page.limit,
    include: INCLUDE,
  });
  return {
    messages: rows.reverse().map((row) => toMessage(row, settings.publicUrl)),
    last_seq: Number(conversation.last_seq),
  };
};

/** Redacts the logged event, so that a client which catches up later does not get the deleted message. */
const redactEvent = (
  tx: Transaction,
  conversationId: string,
  seq: bigint,
  messageId: string,
): Promise<number> =>
  tx.db.$executeRaw`
    UPDATE conversation_event SET type = 'message.deleted',
      payload = jsonb_build_object('message', jsonb_build_object('message_id', ${messageId}::text))
    WHERE conversation_id = ${conversationId} AND seq = ${seq} AND type = 'message.created'`;

/**
 * Deletes a message; repeatable. Deleting the last reference starts the media object's orphan clock.
 *
 * @throws ProblemError `not_found` · `forbidden` for another user's message
 */
export const deleteMessage = async (
  tx: Transaction,
  settings: DomainConfig,
  { conversation_id: conversationId, message_id: messageId }: Pick<Message, 'conversation_id' | 'message_id'>,
  user: { user_id: string; is_backend: boolean },
): Promise<void> => {
  const found = await tx.db.message.findUnique({ where: { message_id: messageId } });
  if (found === null || found.conversation_id !== conversationId) return;
  if (!user.is_backend && found.sender_user_id !== user.user_id) throw new ProblemError('forbidden');
  const media = found.media_object_id === null ? undefined : await lockMedia(tx, found.media_object_id);
  const { count } = await tx.db.message.deleteMany({ where: { message_id: messageId } });
  if (count === 0) return;
  if (media !== undefined) await removeReference(tx, settings, media, { kind: 'message', ref_id: messageId });
  await redactEvent(tx, conversationId, found.seq, messageId);
  await appendEvent(tx, conversationId, 'message.deleted', { message: { message_id: messageId } });
};
