import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { removeMember } from '../messages/conversations.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { isReferenced } from '../record/is-referenced.ts';
import { lockMedia } from '../record/media-row.ts';
import { type ErasedUpload, eraseMedia, erasePage } from './erase-media.ts';

const PAGE = 100;
const ROWS_PAGE = 5_000;

/** Removes members in a transaction each, so that each removal is announced as soon as it takes effect. */
const removeMembers = async (database: Database, conversationId: string): Promise<void> => {
  const members = await database.query<{ user_id: string }>(Prisma.sql`
    SELECT user_id FROM conversation_member WHERE conversation_id = ${conversationId}`);
  for (const { user_id } of members)
    await database.transaction((tx) => removeMember(tx, conversationId, user_id));
};

/** Removes the conversation's references to one media object. @returns the erased upload, if it had no others */
const letGo = async (
  tx: Transaction,
  settings: DomainConfig,
  conversationId: string,
  mediaObjectId: string,
): Promise<ErasedUpload | undefined> => {
  const row = await lockMedia(tx, mediaObjectId);
  const isIt = Prisma.sql`media_object_id = ${mediaObjectId}::uuid`;
  await tx.query(Prisma.sql`
    DELETE FROM message WHERE conversation_id = ${conversationId} AND (${isIt}
      OR message_id IN (SELECT message_id FROM message_attachment WHERE ${isIt}))`);
  await tx.query(Prisma.sql`
    DELETE FROM media_reference WHERE conversation_id = ${conversationId} AND ${isIt}`);
  if (row === undefined || (await isReferenced(tx, mediaObjectId))) return undefined;
  return eraseMedia(tx, settings, row);
};

/** Returns some of the conversation's media objects, each once however often it refers to them. */
const nextMedia = async (
  database: Database,
  conversationId: string,
): Promise<{ media_object_id: string }[]> => {
  const references = await database.query<{ media_object_id: string }>(Prisma.sql`
    SELECT media_object_id FROM media_reference WHERE conversation_id = ${conversationId} LIMIT ${PAGE}`);
  return [...new Map(references.map((reference) => [reference.media_object_id, reference])).values()];
};

/** Erases messages a page at a time: a long conversation would not fit into one transaction. */
const deleteRows = async (database: Database, conversationId: string): Promise<void> => {
  for (let rows = ROWS_PAGE; rows === ROWS_PAGE; )
    rows = await database.execute(Prisma.sql`
      WITH locked AS (
        SELECT conversation_id FROM conversation WHERE conversation_id = ${conversationId} FOR NO KEY UPDATE)
      DELETE FROM conversation_event USING locked
      WHERE conversation_event.conversation_id = locked.conversation_id AND seq IN (
        SELECT seq FROM conversation_event WHERE conversation_id = ${conversationId} LIMIT ${ROWS_PAGE})`);
  for (let rows = ROWS_PAGE; rows === ROWS_PAGE; )
    rows = await database.execute(Prisma.sql`
      DELETE FROM message WHERE message_id IN (
        SELECT message_id FROM message
        WHERE conversation_id = ${conversationId} AND media_object_id IS NULL LIMIT ${ROWS_PAGE})`);
};

/** @returns false when a host has meanwhile added a reference in it */
const deleteConversation = async (tx: Transaction, conversationId: string): Promise<boolean> => {
  const isIt = Prisma.sql`conversation_id = ${conversationId}`;
  // A separate statement locks it first: the next one then sees every reference.
  await tx.query(Prisma.sql`SELECT FROM conversation WHERE ${isIt} FOR UPDATE`);
  const references = await tx.query(Prisma.sql`SELECT FROM media_reference WHERE ${isIt} LIMIT 1`);
  if (references.length > 0) return false;
  await tx.query(Prisma.sql`DELETE FROM conversation WHERE ${isIt}`);
  return true;
};

/**
 * Erases a conversation: first its members, who are notified at once; then its messages, its events, and media objects
 * without another reference. Repeatable; after an interruption it continues where it stopped.
 *
 * @param onErased removes the objects in the storage; called for a page of uploads at a time
 */
export const eraseConversation = async (
  database: Database,
  settings: DomainConfig,
  conversationId: string,
  onErased: (upload: ErasedUpload) => Promise<void>,
): Promise<void> => {
  await removeMembers(database, conversationId);
  for (let done = false; !done; ) {
    for (let page = await nextMedia(database, conversationId); page.length > 0; ) {
      await erasePage(
        page,
        (id) => database.transaction((tx) => letGo(tx, settings, conversationId, id)),
        onErased,
      );
      page = await nextMedia(database, conversationId);
    }
    await deleteRows(database, conversationId);
    done = await database.transaction((tx) => deleteConversation(tx, conversationId));
  }
};
