import type { Message, SendMessage } from '@claimcheck/contracts/messages';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { planChange } from '../lifecycle/plan-change.ts';
import { tryPlan } from '../lifecycle/write-media.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';
import { newId } from '../record/new-id.ts';
import { noConversation, noMedia } from '../record/not-found.ts';
import { insertMessage, type NumberlessMessage } from './insert-message.ts';
import { toEventMessage } from './message-event.ts';
import { messageTypeOf } from './message-type.ts';
import { readMessages, toMessage } from './message-view.ts';
import { type Outset, type Posting, readOutset } from './read-outset.ts';
import { assertReferable, restoringChange } from './references.ts';

const messageDeleted = () => new ProblemError('message_deleted', { field: 'client_message_id' });

/** Lists the media of a message in order: its single media object, or those of the album. */
const itemsOf = ({ media_object_id, filename, alt, attachments }: SendMessage) =>
  attachments ?? (media_object_id === undefined ? [] : [{ media_object_id, filename, alt }]);

const idsOf = (input: SendMessage): string[] => itemsOf(input).map(({ media_object_id }) => media_object_id);

/** Returns the media of a message in its order. @throws ProblemError for the first one that it may not refer to */
const referableMedia = (outset: Outset, posting: Posting, input: SendMessage): MediaRow[] => {
  const ids = idsOf(input);
  for (const media_object_id of ids.toSorted()) {
    const field =
      input.attachments === undefined
        ? 'media_object_id'
        : `attachments.${ids.indexOf(media_object_id)}.media_object_id`;
    const extra = { media_object_id, field };
    const found = outset.media.get(media_object_id);
    if (found === undefined || !(posting.is_backend === true || found.is_visible)) throw noMedia(extra);
    assertReferable(found.row, extra);
  }
  return ids.flatMap((id) => outset.media.get(id)?.row ?? []);
};

const compose = (
  { conversation_id, sender_user_id }: Posting,
  message_id: string,
  input: SendMessage,
  media: readonly { row: MediaRow; publicUrl: string }[],
): NumberlessMessage => {
  const items = itemsOf(input);
  // The reference ends the expiry.
  const views = media.map(({ row, publicUrl }) => toMedia({ ...row, expires_at: null }, publicUrl));
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
 * Restores those media objects that expire, with a new orphan clock: if this process dies before it has written the message,
 * nothing refers to them. This precedes the reference: the conversation learns the state from the message.
 *
 * @returns whether any of them expired
 */
const bringBack = async (
  on: Executor,
  settings: DomainConfig,
  media: readonly MediaRow[],
): Promise<boolean> => {
  const now = new Date();
  const expires_at = new Date(now.getTime() + settings.orphanTtlMs);
  let anyExpired = false;
  for (const row of media.toSorted((a, b) => (a.media_object_id < b.media_object_id ? -1 : 1))) {
    const change = restoringChange(row, expires_at);
    if (change === undefined) continue;
    anyExpired = true;
    await tryPlan(on, planChange(settings, row, change, now));
  }
  return anyExpired;
};

const readKnown = async (
  on: Executor,
  settings: DomainConfig,
  message_id: string,
  viewer: string,
): Promise<Message> => {
  const [known] = await readMessages(on, Prisma.sql`WHERE message_id = ${message_id}::uuid`);
  // It was deleted since.
  if (known === undefined) throw messageDeleted();
  return toMessage(known, settings.publicUrl, viewer);
};

/**
 * Sends a message; media are only referred to. The same (sender, conversation, client_message_id) again
 * gives the same message. One statement reads, one writes, and no lock is held in between; if another writer was faster,
 * it decides again.
 *
 * @throws ProblemError `not_found` · `media_not_uploaded` · `media_gone` · `message_deleted` · `too_large`
 */
export const sendMessage = async (
  on: Executor,
  settings: DomainConfig,
  posting: Posting,
  input: SendMessage,
): Promise<{ message: Message; created: boolean }> => {
  const { client_message_id: key } = input;
  const messageId = newId();
  for (;;) {
    const outset = await readOutset(on, posting, key, idsOf(input));
    if (!outset.is_member && posting.is_backend !== true) throw noConversation();
    if (outset.is_deleted) throw messageDeleted();
    if (outset.message_id !== null) {
      const message = await readKnown(on, settings, outset.message_id, posting.sender_user_id);
      return { message, created: false };
    }
    const rows = referableMedia(outset, posting, input);
    if (!outset.has_conversation) throw noConversation();
    const media = rows.map((row) => ({ row, publicUrl: settings.publicUrl }));
    const message = compose(posting, messageId, input, media);
    // This precedes every write: a message that does not fit changes nothing.
    const told = toEventMessage(message);
    if (await bringBack(on, settings, rows)) continue;
    const seq = await insertMessage(on, { message, told, key, media: rows });
    if (seq !== undefined) return { message: { ...message, seq }, created: true };
  }
};
