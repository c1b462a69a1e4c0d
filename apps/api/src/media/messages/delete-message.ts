import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { Viewer } from '../access/media-access.ts';
import { appendEvent } from '../log/conversation-events.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import { readStoredMessages } from './message-view.ts';
import { removeReference } from './references.ts';

/** One message of a conversation. */
export interface MessageName {
  conversation_id: string;
  message_id: string;
}

/** Redacts the logged event, so that a reader who catches up later does not see the text. */
const redactEvents = async (
  tx: Transaction,
  { conversation_id, message_id }: MessageName,
  seq: bigint,
): Promise<void> => {
  await tx.query(Prisma.sql`
    UPDATE conversation_event SET type = 'message.deleted',
      payload = jsonb_build_object('message', jsonb_build_object('message_id', ${message_id}::text))
    WHERE conversation_id = ${conversation_id} AND seq = ${seq} AND type = 'message.created'`);
  await tx.query(Prisma.sql`
    UPDATE conversation_event SET type = 'message.deleted',
      payload = jsonb_build_object('message', jsonb_build_object('message_id', ${message_id}::text))
    WHERE type = 'message.updated' AND payload->'message'->>'message_id' = ${message_id}
      AND conversation_id = ${conversation_id}`);
};

/**
 * Deletes a message; repeatable. Its key stays as a tombstone, so that a repeated request does not send it again. Deleting
 * the last reference starts the media object's orphan clock.
 *
 * @throws ProblemError `forbidden` for another user's message
 */
export const deleteMessage = async (
  tx: Transaction,
  settings: DomainConfig,
  name: MessageName,
  user: Pick<Viewer, 'user_id' | 'is_backend'>,
): Promise<void> => {
  const { conversation_id, message_id } = name;
  const isIt = Prisma.sql`message_id = ${message_id}::uuid`;
  const [found] = await readStoredMessages(tx, Prisma.sql`WHERE ${isIt}`);
  if (found === undefined || found.conversation_id !== conversation_id) return;
  if (user.is_backend !== true && found.sender_user_id !== user.user_id) throw new ProblemError('forbidden');
  const ids = new Set([found, ...found.attachments].flatMap(({ media_object_id }) => media_object_id ?? []));
  const media: MediaRow[] = [];
  for (const id of [...ids].sort()) media.push(...[await lockMedia(tx, id)].flatMap((row) => row ?? []));
  const deleted = await tx.query(Prisma.sql`DELETE FROM message WHERE ${isIt} RETURNING message_id`);
  if (deleted.length === 0) return;
  const { sender_user_id, client_message_id } = found;
  await tx.query(Prisma.sql`
    INSERT INTO message_tombstone (sender_user_id, conversation_id, client_message_id)
    VALUES (${sender_user_id}, ${conversation_id}, ${client_message_id})`);
  for (const row of media) await removeReference(tx, settings, row, { kind: 'message', ref_id: message_id });
  // First the conversation's lock, then its events, in the same order as pruning.
  await appendEvent(tx, conversation_id, 'message.deleted', { message: { message_id } });
  await redactEvents(tx, name, found.seq);
};
