import { isTombstone } from '@claimcheck/contracts/media';
import type { Message, SendMessage } from '@claimcheck/contracts/messages';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import type { Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { ProblemError } from '../../problem-error.ts';
import { maySee, type Viewer } from '../access/media-access.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';
import { noConversation, noMedia } from '../record/not-found.ts';
import { toEventMessage } from './message-event.ts';
import { messageTypeOf } from './message-type.ts';
import { MESSAGE_INCLUDE, toMessage } from './message-view.ts';
import { addReference } from './references.ts';

/** The conversation and the sender of a message: a member, or a backend as the system. */
export interface Posting
  extends Pick<Message, 'conversation_id' | 'sender_user_id'>,
    Pick<Viewer, 'is_backend'> {}

interface Outset {
  is_member: boolean;
  /** The message with this key. */
  message_id: string | null;
  /** The message with this key was deleted. */
  is_deleted: boolean;
}

/** Looks up a key in one statement, so that it finds either the message or its tombstone. */
const readOutset = async (
  tx: Transaction,
  { conversation_id, sender_user_id }: Posting,
  clientMessageId: string,
): Promise<Outset> => {
  const [outset] = await tx.db.$queryRaw<Outset[]>`
    SELECT EXISTS (
        SELECT FROM conversation_member WHERE conversation_id = ${conversation_id} AND user_id = ${sender_user_id}
      ) AS is_member,
      (SELECT message_id FROM message WHERE sender_user_id = ${sender_user_id}
        AND conversation_id = ${conversation_id} AND client_message_id = ${clientMessageId}) AS message_id,
      EXISTS (SELECT FROM message_tombstone WHERE sender_user_id = ${sender_user_id}
        AND conversation_id = ${conversation_id} AND client_message_id = ${clientMessageId}) AS is_deleted`;
  if (outset === undefined) throw new Error('a SELECT without FROM gives one row');
  return outset;
};

const messageDeleted = () => new ProblemError('message_deleted', { field: 'client_message_id' });

/** Locks a media object to refer to, so that no update comes between its state and the reference. */
const lockReferable = async (
  tx: Transaction,
  mediaObjectId: string,
  sender: Posting,
  field: string,
): Promise<MediaRow> => {
  const media = await lockMedia(tx, mediaObjectId);
  const extra = { media_object_id: mediaObjectId, field };
  if (
    media === undefined ||
    !(sender.is_backend === true || (await maySee(tx.db, media, sender.sender_user_id)))
  )
    throw noMedia(extra);
  if (isTombstone(media.state)) throw new ProblemError('media_gone', extra);
  if (media.upload_state !== 'uploaded') throw new ProblemError('media_not_uploaded', extra);
  return media;
};

/** Lists the media of a message in order: its single media object, or those of the album. */
const itemsOf = ({ media_object_id, filename, alt, attachments }: SendMessage) =>
  attachments ?? (media_object_id === undefined ? [] : [{ media_object_id, filename, alt }]);

/** Adds references to all media of a message; locks them in the order of their ids, as every transaction does. */
const referTo = async (
  tx: Transaction,
  settings: DomainConfig,
  { posting, message_id, input }: { posting: Posting; message_id: string; input: SendMessage },
): Promise<MediaRow[]> => {
  const { conversation_id } = posting;
  const ids = itemsOf(input).map(({ media_object_id }) => media_object_id);
  const rows = new Map<string, MediaRow>();
  for (const id of ids.toSorted()) {
    const field =
      input.attachments === undefined ? 'media_object_id' : `attachments.${ids.indexOf(id)}.media_object_id`;
    const media = await lockReferable(tx, id, posting, field);
    const reference = { kind: 'message', ref_id: message_id, conversation_id };
    rows.set(id, await addReference(tx, settings, media, reference));
  }
  return ids.flatMap((id) => rows.get(id) ?? []);
};

const compose = (
  { conversation_id, sender_user_id }: Posting,
  message_id: string,
  input: SendMessage,
  media: readonly { row: MediaRow; publicUrl: string }[],
): Omit<Message, 'seq'> => {
  const items = itemsOf(input);
  const views = media.map(({ row, publicUrl }) => toMedia(row, publicUrl));
  const isAlbum = items.length > 1;
  const [only] = isAlbum ? [] : items;
  return {
    message_id,
    conversation_id,
    sender_user_id,
    client_message_id: input.client_message_id,
    message_type: messageTypeOf(input.message_type, media[0]?.row),
    body: input.body,
    media_object_id: items[0]?.media_object_id,
    filename: only?.filename,
    alt: only?.alt,
    media: isAlbum ? undefined : views[0],
    attachments: isAlbum ? items.map((item, index) => ({ ...item, media: views[index] })) : undefined,
    data: input.data,
    created_at: new Date().toISOString(),
  };
};

/**
 * Sends a message; media are only referred to. The same (sender, conversation, client_message_id) again
 * gives the same message.
 *
 * @throws ProblemError `not_found` · `media_not_uploaded` · `media_gone` · `message_deleted` · `too_large`
 */
export const sendMessage = async (
  tx: Transaction,
  settings: DomainConfig,
  posting: Posting,
  input: SendMessage,
): Promise<{ message: Message; created: boolean }> => {
  const outset = await readOutset(tx, posting, input.client_message_id);
  if (!outset.is_member && posting.is_backend !== true) throw noConversation();
  if (outset.is_deleted) throw messageDeleted();
  if (outset.message_id !== null) {
    const where = { message_id: outset.message_id };
    const known = await tx.db.message.findUnique({ where, include: MESSAGE_INCLUDE });
    if (known === null) throw messageDeleted();
    return { message: toMessage(known, settings.publicUrl, posting.sender_user_id), created: false };
  }
  const messageId = uuidv7();
  const rows = await referTo(tx, settings, { posting, message_id: messageId, input });
  const media = rows.map((row) => ({ row, publicUrl: settings.publicUrl }));
  const message = compose(posting, messageId, input, media);
  const seq = await insertWithEvent(tx, message, input.client_message_id);
  // The original request and a deletion may have come and gone since the first lookup. Both hold the
  // conversation's lock until they commit, and from the insertion on this transaction holds it.
  if ((await readOutset(tx, posting, input.client_message_id)).is_deleted) throw messageDeleted();
  return { message: { ...message, seq }, created: true };
};

const attachmentsJson = ({ attachments = [] }: Pick<Message, 'attachments'>): string =>
  JSON.stringify(
    attachments.map(({ media_object_id, filename, alt }, position) => ({
      position,
      media_object_id,
      filename,
      alt,
    })),
  );

/** Writes the conversation's number, the message and its event in one statement. */
const insertWithEvent = async (
  tx: Transaction,
  message: Omit<Message, 'seq'>,
  clientMessageId: string,
): Promise<number> => {
  const told = toEventMessage(message);
  const { conversation_id, message_id, sender_user_id, message_type, created_at } = message;
  const data = message.data === undefined ? null : JSON.stringify(message.data);
  const rows = await tx.db.$queryRaw<{ seq: bigint }[]>`
    WITH next AS (
      UPDATE conversation SET last_seq = last_seq + 1
      WHERE conversation_id = ${conversation_id} RETURNING last_seq),
    message AS (
      INSERT INTO message (message_id, conversation_id, seq, sender_user_id, client_message_id, message_type,
        body, media_object_id, filename, alt, data, created_at)
      SELECT ${message_id}::uuid, ${conversation_id}, last_seq, ${sender_user_id}, ${clientMessageId},
        ${message_type}::message_type, ${message.body ?? null}, ${message.media_object_id ?? null}::uuid,
        ${message.filename ?? null}, ${message.alt ?? null}, ${data}::jsonb, ${created_at}::timestamptz FROM next
      RETURNING message_id),
    attachment AS (
      INSERT INTO message_attachment (message_id, position, media_object_id, filename, alt)
      SELECT message.message_id, item.position, item.media_object_id, item.filename, item.alt
      FROM message, jsonb_to_recordset(${attachmentsJson(message)}::jsonb)
        AS item (position smallint, media_object_id uuid, filename text, alt text))
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT ${conversation_id}, last_seq, 'message.created',
      jsonb_set(${JSON.stringify({ message: told })}::jsonb, '{message,seq}', to_jsonb(last_seq)) FROM next
    RETURNING seq`;
  const row = rows[0];
  if (row === undefined) throw noConversation();
  const seq = Number(row.seq);
  const event: ConversationEvent = {
    conversation_id,
    seq,
    type: 'message.created',
    message: { ...told, seq },
  };
  tx.facts.push({ fact: 'conversation_event', event });
  return seq;
};
