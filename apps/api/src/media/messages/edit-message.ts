import type { EditMessage, Message } from '@claimcheck/contracts/messages';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { Viewer } from '../access/media-access.ts';
import { appendEvent } from '../log/conversation-events.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MessageName } from './delete-message.ts';
import { toEventMessage } from './message-event.ts';
import { type MessageRow, readMessages, toMessage } from './message-view.ts';

const refuse = (field: string, detail: string) => new ProblemError('invalid_request', { field, detail });

const isMessage = (messageId: string) => Prisma.sql`message_id = ${messageId}::uuid`;

/** @throws ProblemError `not_found` */
const lockMessage = async (
  tx: Transaction,
  { conversation_id, message_id }: MessageName,
): Promise<MessageRow> => {
  await tx.query(Prisma.sql`SELECT FROM message WHERE ${isMessage(message_id)} FOR UPDATE`);
  const [row] = await readMessages(tx, Prisma.sql`WHERE ${isMessage(message_id)}`);
  if (row === undefined || row.conversation_id !== conversation_id)
    throw new ProblemError('not_found', {
      field: 'message_id',
      detail: 'There is no such message in this conversation, or it was deleted.',
    });
  return row;
};

const assertEditable = (row: MessageRow, { body, alt, attachments = [] }: EditMessage): void => {
  const showsMedia = row.message_type !== 'text';
  if (!showsMedia && body !== undefined && (body ?? '') === '')
    throw refuse('body', 'body: is required in a message without media');
  if (alt !== undefined && (!showsMedia || row.attachments.length > 0))
    throw refuse('alt', 'alt: belongs to the media object of a message; an album has one in each attachment');
  const known = row.attachments.map(({ media_object_id }) => media_object_id);
  const strange = attachments.findIndex(({ media_object_id }) => !known.includes(media_object_id));
  if (strange >= 0)
    throw refuse(`attachments.${strange}.media_object_id`, 'attachments: the message does not show this one');
};

/** Returns a row's texts after an edit; undefined if nothing changes. */
const changesOf = (row: MessageRow, edit: EditMessage) => {
  const emptyToNull = (text: string | null | undefined) => (text === '' ? null : text);
  const body = emptyToNull(edit.body);
  const alt = emptyToNull(edit.alt);
  return {
    ...(body === undefined || body === row.body ? {} : { body }),
    ...(alt === undefined || alt === row.alt ? {} : { alt }),
    attachments: row.attachments.flatMap(({ position, media_object_id, alt: current }) => {
      const asked = edit.attachments?.find((item) => item.media_object_id === media_object_id);
      const wanted = emptyToNull(asked?.alt);
      return wanted === undefined || wanted === current ? [] : [{ position, alt: wanted }];
    }),
  };
};

/** Later than every earlier version, even if the clocks of two replicas differ. */
const timeOfEdit = ({ edited_at, created_at }: MessageRow): Date =>
  new Date(Math.max(Date.now(), (edited_at ?? created_at).getTime() + 1));

/**
 * Changes the texts of a message, for its sender or a backend. An edit without a difference has no effect.
 *
 * @returns the message afterwards
 * @throws ProblemError `not_found` · `forbidden` · `invalid_request` · `too_large`
 */
export const editMessage = async (
  tx: Transaction,
  settings: DomainConfig,
  { user, ...name }: MessageName & { user: Pick<Viewer, 'user_id' | 'is_backend'> },
  edit: EditMessage,
): Promise<Message> => {
  const { message_id, conversation_id } = name;
  const row = await lockMessage(tx, name);
  if (user.is_backend !== true && row.sender_user_id !== user.user_id) throw new ProblemError('forbidden');
  assertEditable(row, edit);
  const { attachments, ...texts } = changesOf(row, edit);
  if (attachments.length === 0 && Object.keys(texts).length === 0)
    return toMessage(row, settings.publicUrl, user.user_id);
  for (const { position, alt } of attachments)
    await tx.query(Prisma.sql`
      UPDATE message_attachment SET alt = ${alt} WHERE ${isMessage(message_id)} AND position = ${position}`);
  const { body, alt, edited_at } = { ...row, ...texts, edited_at: timeOfEdit(row) };
  await tx.query(Prisma.sql`
    UPDATE message SET body = ${body}, alt = ${alt}, edited_at = ${edited_at}::timestamptz
    WHERE ${isMessage(message_id)}`);
  const edited = {
    ...row,
    ...{ body, alt, edited_at },
    attachments: row.attachments.map((item) => ({
      ...item,
      ...attachments.find(({ position }) => position === item.position),
    })),
  };
  const told = toEventMessage(toMessage(edited, settings.publicUrl, edited.sender_user_id));
  await appendEvent(tx, conversation_id, 'message.updated', { message: told });
  return toMessage(edited, settings.publicUrl, user.user_id);
};
