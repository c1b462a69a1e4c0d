import { isTombstone } from '@claimcheck/contracts/media';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { writeMedia } from '../lifecycle/write-media.ts';
import { NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import { forgetData, keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { isReferenced } from '../record/is-referenced.ts';
import type { MediaRow } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';

/** Remains of an erased upload in the storage; its prefix is `{upload_id}/`. */
export interface ErasedUpload {
  upload_id: string;
  /** Multipart uploads that will never be completed. */
  multipart: { key: string; s3_upload_id: string }[];
}

/** The columns of a deleted upload session that {@link unfinishedOf} reads. */
export const ERASED_SESSION = Prisma.sql`upload_id, phase, object_storage_key, s3_upload_id`;

export interface ErasedSession {
  upload_id: string;
  phase: string;
  object_storage_key: string;
  s3_upload_id: string | null;
}

/** Returns the session's multipart upload, if it was not completed. */
export const unfinishedOf = ({
  phase,
  object_storage_key,
  s3_upload_id,
}: ErasedSession): ErasedUpload['multipart'] =>
  phase === 'complete' || s3_upload_id === null ? [] : [{ key: object_storage_key, s3_upload_id }];

/** Columns that are cleared if another user's message still shows the media object. */
export const NOTHING_PERSONAL = {
  conversation_id: null,
  filename: '',
  sha256: null,
  width: null,
  height: null,
  duration_ms: null,
  thumbhash: null,
  waveform: [],
  page_count: null,
  alt: null,
  original_url: null,
  ready_by: null,
  expires_at: null,
};

/** Owner of erased rows: no id that a host can assign. */
export const ERASED_USER = '';

/** Reduces a media object in album events to its id: those events have no space for more. */
const rewriteAlbums = async (tx: Transaction, mediaObjectId: string): Promise<void> => {
  await tx.query(Prisma.sql`
    UPDATE conversation_event SET payload = jsonb_set(payload, '{message,attachments}', (
      SELECT jsonb_agg(CASE WHEN item->>'media_object_id' = ${mediaObjectId}
        THEN jsonb_build_object('media_object_id', ${mediaObjectId}::text) ELSE item END ORDER BY position)
      FROM jsonb_array_elements(payload->'message'->'attachments') WITH ORDINALITY AS items (item, position)))
    FROM message_attachment JOIN message USING (message_id)
    WHERE message_attachment.media_object_id = ${mediaObjectId}::uuid
      AND payload->'message' ? 'attachments'
      AND ((conversation_event.conversation_id = message.conversation_id
          AND conversation_event.seq = message.seq AND conversation_event.type = 'message.created')
        OR (conversation_event.type = 'message.updated'
          AND payload->'message'->>'message_id' = message.message_id::text))`);
};

/** Locks every conversation whose log names the media object, in the same order as all transactions. */
const lockLogs = async (tx: Transaction, mediaObjectId: string): Promise<void> => {
  await tx.query(Prisma.sql`
    SELECT 1 FROM conversation WHERE conversation_id IN (
      SELECT conversation_id FROM conversation_event
      WHERE type = 'media.updated' AND payload->'media'->>'media_object_id' = ${mediaObjectId}
      UNION SELECT conversation_id FROM message WHERE media_object_id = ${mediaObjectId}::uuid
      UNION SELECT message.conversation_id FROM message JOIN message_attachment USING (message_id)
        WHERE message_attachment.media_object_id = ${mediaObjectId}::uuid
      UNION SELECT conversation_id FROM media_reference WHERE media_object_id = ${mediaObjectId}::uuid)
    ORDER BY conversation_id FOR NO KEY UPDATE`);
};

/**
 * Rewrites earlier events of the media object in every log, even if the message that showed it is deleted, because the log
 * keeps updates. Both statements use an index, however long the logs are.
 */
export const rewriteLogs = async (tx: Transaction, settings: DomainConfig, row: MediaRow): Promise<void> => {
  const id = row.media_object_id;
  const media = JSON.stringify(toMedia(row, settings.publicUrl));
  await tx.query(Prisma.sql`
    UPDATE conversation_event SET payload = jsonb_build_object('media', ${media}::jsonb)
    WHERE type = 'media.updated' AND payload->'media'->>'media_object_id' = ${id}`);
  await tx.query(Prisma.sql`
    UPDATE conversation_event SET payload = jsonb_set(payload, '{message,media}', ${media}::jsonb)
    FROM message
    WHERE message.media_object_id = ${id}::uuid AND payload->'message' ? 'media'
      AND conversation_event.conversation_id = message.conversation_id
      AND conversation_event.seq = message.seq AND conversation_event.type = 'message.created'`);
  await tx.query(Prisma.sql`
    UPDATE conversation_event SET payload = jsonb_set(payload, '{message,media}', ${media}::jsonb)
    FROM message
    WHERE message.media_object_id = ${id}::uuid AND payload->'message' ? 'media'
      AND conversation_event.type = 'message.updated'
      AND payload->'message'->>'message_id' = message.message_id::text`);
  await rewriteAlbums(tx, id);
};

/**
 * Erases a media object, referenced or not. With a reference it becomes a tombstone without any data about its owner;
 * without one, no row stays. The caller removes the objects after the commit; if it dies first, the sweeper does.
 *
 * @param row locked by this transaction
 */
export const eraseMedia = async (
  tx: Transaction,
  settings: DomainConfig,
  row: MediaRow,
): Promise<ErasedUpload> => {
  const { media_object_id } = row;
  const isIt = Prisma.sql`media_object_id = ${media_object_id}::uuid`;
  const nobodys = { owner_user_id: ERASED_USER };
  await keepBooks(tx, media_object_id, nobodys);
  await forgetData(tx, media_object_id);
  // In lock order: the owner's usage, then the conversations.
  await setUsage(tx, [media_object_id], NOTHING_USED);
  await lockLogs(tx, media_object_id);
  const erased = await writeMedia(
    tx,
    settings,
    { ...row, ...nobodys, data: null },
    {
      ...NOTHING_PERSONAL,
      state: isTombstone(row.state) ? row.state : 'deleted',
      upload_state: row.upload_state === 'uploaded' ? 'uploaded' : 'failed',
    },
  );
  await rewriteLogs(tx, settings, erased);
  const sessions = await tx.query<ErasedSession>(Prisma.sql`
    DELETE FROM upload_session WHERE ${isIt} RETURNING ${ERASED_SESSION}`);
  await tx.query(Prisma.sql`DELETE FROM media_alias WHERE ${isIt}`);
  if (!(await isReferenced(tx, media_object_id)))
    await tx.query(Prisma.sql`DELETE FROM media_object WHERE ${isIt}`);
  return { upload_id: media_object_id, multipart: sessions.flatMap(unfinishedOf) };
};

/**
 * Erases a page of media objects, each in its own transaction, and then removes the objects of all of them from the
 * storage.
 *
 * @param erase returns undefined when there was nothing to erase
 */
export const erasePage = async (
  page: readonly { media_object_id: string }[],
  erase: (mediaObjectId: string) => Promise<ErasedUpload | undefined>,
  onErased: (upload: ErasedUpload) => Promise<void>,
): Promise<void> => {
  const erased: ErasedUpload[] = [];
  for (const { media_object_id } of page) {
    const upload = await erase(media_object_id);
    if (upload !== undefined) erased.push(upload);
  }
  await Promise.all(erased.map(onErased));
};
