import type { Database, Transaction } from '@claimcheck/database/database';
import { insertSweeps, sweepsOfWhole } from '../lifecycle/prefix-sweeps.ts';
import { removeMember } from '../messages/conversations.ts';
import { deleteMessage } from '../messages/delete-message.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';
import { ERASED_USER, type ErasedUpload, eraseMedia, erasePage } from './erase-media.ts';

const PAGE = 100;

const leaveConversations = async (database: Database, userId: string): Promise<void> => {
  const memberships = await database.client.conversation_member.findMany({ where: { user_id: userId } });
  for (const { conversation_id } of memberships)
    await database.transaction((tx) => removeMember(tx, conversation_id, userId));
};

const deleteMessages = async (database: Database, settings: DomainConfig, userId: string): Promise<void> => {
  const backend = { user_id: userId, is_backend: true };
  for (;;) {
    const page = await database.client.message.findMany({
      where: { sender_user_id: userId },
      take: PAGE,
      select: { conversation_id: true, message_id: true },
    });
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
  const pieces = await tx.db.upload_session.findMany({
    where: { owner_user_id: userId, media_object_id: null },
    take: PAGE,
  });
  const ids = pieces.map(({ upload_id }) => upload_id);
  await tx.db.upload_session.deleteMany({ where: { upload_id: { in: ids } } });
  const now = new Date();
  await insertSweeps(
    tx,
    ids.flatMap((id) => sweepsOfWhole(settings, id, now)),
  );
  return pieces.map(({ upload_id, phase, object_storage_key, s3_upload_id }) => ({
    upload_id,
    multipart:
      phase === 'complete' || s3_upload_id === null ? [] : [{ key: object_storage_key, s3_upload_id }],
  }));
};

/** Deletes rows that only describe the user. */
const forget = async (tx: Transaction, userId: string): Promise<void> => {
  const own = { owner_user_id: userId };
  await tx.db.media_alias.deleteMany({ where: own });
  await tx.db.message_tombstone.deleteMany({ where: { sender_user_id: userId } });
  await tx.db.user_usage.deleteMany({ where: own });
  await tx.db.user_limit.deleteMany({ where: own });
  await tx.db.media_session.deleteMany({ where: { user_id: userId } });
  await tx.db.idempotency_key.deleteMany({ where: { user_id: userId } });
  await tx.db.conversation.updateMany({
    where: { created_by: userId },
    data: { created_by: ERASED_USER },
  });
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
    const page = await database.client.media_object.findMany({
      where: { owner_user_id: userId },
      take: PAGE,
      select: { media_object_id: true },
    });
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
