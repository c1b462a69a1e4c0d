import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { insertSweeps, sweepsOfWhole } from '../lifecycle/prefix-sweeps.ts';
import { removeMember } from '../messages/conversations.ts';
import { deleteMessage, type MessageName } from '../messages/delete-message.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';
import {
  ERASED_SESSION,
  ERASED_USER,
  type ErasedSession,
  type ErasedUpload,
  eraseMedia,
  erasePage,
  unfinishedOf,
} from './erase-media.ts';

const PAGE = 100;

const leaveConversations = async (database: Database, userId: string): Promise<void> => {
  const memberships = await database.query<{ conversation_id: string }>(Prisma.sql`
    SELECT conversation_id FROM conversation_member WHERE user_id = ${userId}`);
  for (const { conversation_id } of memberships)
    await database.transaction((tx) => removeMember(tx, conversation_id, userId));
};

const deleteMessages = async (database: Database, settings: DomainConfig, userId: string): Promise<void> => {
  const backend = { user_id: userId, is_backend: true };
  for (;;) {
    const page = await database.query<MessageName>(Prisma.sql`
      SELECT conversation_id, message_id FROM message WHERE sender_user_id = ${userId} LIMIT ${PAGE}`);
    for (const { conversation_id, message_id } of page)
      await database.transaction((tx) =>
        deleteMessage(tx, settings, { conversation_id, message_id }, backend),
      );
    if (page.length < PAGE) return;
  }
};

const eraseOwn = async (
  tx: Transaction,
  settings: DomainConfig,
  userId: string,
  mediaObjectId: string,
): Promise<ErasedUpload | undefined> => {
  const row = await lockMedia(tx, mediaObjectId);
  return row?.owner_user_id === userId ? eraseMedia(tx, settings, row) : undefined;
};

/** Returns a page of partial uploads, which belong to no media object. */
const erasePieces = async (
  tx: Transaction,
  settings: DomainConfig,
  userId: string,
): Promise<ErasedUpload[]> => {
  const pieces = await tx.query<ErasedSession>(Prisma.sql`
    DELETE FROM upload_session WHERE upload_id IN (
      SELECT upload_id FROM upload_session
      WHERE owner_user_id = ${userId} AND media_object_id IS NULL LIMIT ${PAGE})
    RETURNING ${ERASED_SESSION}`);
  const ids = pieces.map(({ upload_id }) => upload_id);
  const now = new Date();
  await insertSweeps(
    tx,
    ids.flatMap((id) => sweepsOfWhole(settings, id, now)),
  );
  return pieces.map((piece) => ({ upload_id: piece.upload_id, multipart: unfinishedOf(piece) }));
};

/** Deletes rows that only describe the user. */
const forget = async (tx: Transaction, userId: string): Promise<void> => {
  await tx.query(Prisma.sql`DELETE FROM media_alias WHERE owner_user_id = ${userId}`);
  await tx.query(Prisma.sql`DELETE FROM message_tombstone WHERE sender_user_id = ${userId}`);
  await tx.query(Prisma.sql`DELETE FROM user_usage WHERE owner_user_id = ${userId}`);
  await tx.query(Prisma.sql`DELETE FROM user_limit WHERE owner_user_id = ${userId}`);
  await tx.query(Prisma.sql`DELETE FROM media_session WHERE user_id = ${userId}`);
  await tx.query(Prisma.sql`DELETE FROM idempotency_key WHERE user_id = ${userId}`);
  await tx.query(
    Prisma.sql`UPDATE conversation SET created_by = ${ERASED_USER} WHERE created_by = ${userId}`,
  );
};

/**
 * Erases a user: first memberships, which ends access by sockets and media sessions; then messages, media objects wherever
 * they were forwarded, uploads and all accounting rows. The host must ensure that it issues no new token. Repeatable;
 * after an interruption it continues where it stopped.
 *
 * @param onErased removes the objects in the storage; called for a page of uploads at a time
 */
export const eraseUser = async (
  database: Database,
  settings: DomainConfig,
  userId: string,
  onErased: (upload: ErasedUpload) => Promise<void>,
): Promise<void> => {
  await leaveConversations(database, userId);
  await deleteMessages(database, settings, userId);
  for (let more = true; more; ) {
    const page = await database.query<{ media_object_id: string }>(Prisma.sql`
      SELECT media_object_id FROM media_object WHERE owner_user_id = ${userId} LIMIT ${PAGE}`);
    await erasePage(page, (id) => database.transaction((tx) => eraseOwn(tx, settings, userId, id)), onErased);
    more = page.length === PAGE;
  }
  for (let more = true; more; ) {
    const pieces = await database.transaction((tx) => erasePieces(tx, settings, userId));
    await Promise.all(pieces.map(onErased));
    more = pieces.length === PAGE;
  }
  await database.transaction((tx) => forget(tx, userId));
};
