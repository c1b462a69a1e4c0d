import type { UploadMetadata } from '@claimcheck/contracts/rest';
import { isMember } from '@claimcheck/database/conversation-log';
import type { Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import type { MediaSettings } from './media-settings.ts';
import { ProblemError } from './problem-error.ts';
import { toSession, type UploadSession } from './upload-sessions.ts';
import { NOTHING_USED, setUsage } from './user-usage.ts';

interface NewSession {
  owner_user_id: string;
  /** Bytes; undefined while deferred. */
  length: number | undefined;
  /** Bytes; fixed for the life of the upload. */
  part_size: number;
  /** `Upload-Metadata` and `Upload-Concat` as they were sent. */
  raw_metadata?: string | undefined;
  concat?: string | undefined;
  /** The process that will write it at once, with lease epoch 1. */
  lease_owner?: string | undefined;
}

export interface NewUpload extends NewSession {
  metadata: UploadMetadata;
  /** What the client knows of its file; shown until the worker has looked. */
  preview?: { width?: number; height?: number; duration_ms?: number; thumbhash?: string };
  /** Partial uploads that this one is made of: their bytes count as its own from now on. */
  pieces?: readonly string[];
}

const sourceKeyOf = (uploadId: string): string => `${uploadId}/source`;

const findByAlias = async (
  tx: Transaction,
  owner: string,
  clientMediaId: string | undefined,
): Promise<UploadSession | undefined> => {
  if (clientMediaId === undefined) return undefined;
  const alias = await tx.db.media_alias.findUnique({
    where: { owner_user_id_client_media_id: { owner_user_id: owner, client_media_id: clientMediaId } },
    select: { media_object_id: true },
  });
  if (alias === null) return undefined;
  return toSession(
    await tx.db.upload_session.findUniqueOrThrow({ where: { upload_id: alias.media_object_id } }),
  );
};

const insertSession = async (
  tx: Transaction,
  settings: MediaSettings,
  upload: NewSession,
  id: string,
  isPartial: boolean,
): Promise<UploadSession> => {
  const row = await tx.db.upload_session.create({
    data: {
      upload_id: id,
      media_object_id: isPartial ? null : id,
      owner_user_id: upload.owner_user_id,
      protocol: 'tus',
      is_partial: isPartial,
      length: upload.length ?? null,
      part_size: upload.part_size,
      s3_bucket: settings.bucket,
      object_storage_key: sourceKeyOf(id),
      metadata: upload.raw_metadata ?? null,
      concat: upload.concat ?? null,
      lease_owner: upload.lease_owner ?? null,
      lease_epoch: upload.lease_owner === undefined ? 0 : 1,
      expires_at: new Date(Date.now() + settings.uploadTtlMs),
    },
  });
  await setUsage(tx, [id], { bytes: upload.length ?? 0, is_open: true }, settings);
  return toSession(row);
};

/** The expirer leaves pieces alone while they are copied. @throws ProblemError `upload_gone` */
const takeOver = async (
  tx: Transaction,
  settings: MediaSettings,
  pieces: readonly string[],
): Promise<void> => {
  const ids = [...new Set(pieces)];
  const { count } = await tx.db.upload_session.updateMany({
    where: { upload_id: { in: ids }, is_partial: true, phase: 'complete' },
    data: { expires_at: new Date(Date.now() + settings.uploadTtlMs) },
  });
  if (count !== ids.length) throw new ProblemError('upload_gone', { field: 'Upload-Concat' });
  await setUsage(tx, ids, NOTHING_USED);
};

const insertMedia = async (
  tx: Transaction,
  settings: MediaSettings,
  upload: NewUpload,
  id: string,
): Promise<void> => {
  const { metadata, length, owner_user_id } = upload;
  await tx.db.media_object.create({
    data: {
      media_object_id: id,
      owner_user_id,
      conversation_id: metadata.conversation_id ?? null,
      state: 'uploading',
      upload_state: 'uploading',
      filename: metadata.filename,
      content_type: metadata.filetype,
      size_bytes: length ?? 0,
      sha256: metadata.sha256 ?? null,
      alt: metadata.alt ?? null,
      ...upload.preview,
      object_storage_key: sourceKeyOf(id),
      s3_bucket: settings.bucket,
      expires_at: new Date(Date.now() + settings.orphanTtlMs),
    },
  });
  if (metadata.client_media_id !== undefined)
    await tx.db.media_alias.create({
      data: { owner_user_id, client_media_id: metadata.client_media_id, media_object_id: id },
    });
};

/**
 * Makes the media object and its upload session. (owner, client_media_id) names one media object for
 * good: the same call again, also at the same time, gives the same.
 *
 * @throws ProblemError `not_found` for a conversation that the owner is not a member of · `quota_exceeded` ·
 *   `too_many_uploads`
 */
export const createUpload = async (
  tx: Transaction,
  settings: MediaSettings,
  upload: NewUpload,
): Promise<{ session: UploadSession; created: boolean }> => {
  const { owner_user_id, metadata } = upload;
  const known = await findByAlias(tx, owner_user_id, metadata.client_media_id);
  if (known !== undefined) return { session: known, created: false };
  const conversationId = metadata.conversation_id;
  if (conversationId !== undefined && !(await isMember(tx.db, conversationId, owner_user_id)))
    throw new ProblemError('not_found', { field: 'conversation_id' });
  const id = uuidv7();
  await insertMedia(tx, settings, upload, id);
  if (upload.pieces !== undefined) await takeOver(tx, settings, upload.pieces);
  return { session: await insertSession(tx, settings, upload, id, false), created: true };
};

/** A piece of a concatenation: a session without a media object. @throws as {@link createUpload} */
export const createPartialUpload = (
  tx: Transaction,
  settings: MediaSettings,
  upload: NewSession,
): Promise<UploadSession> => insertSession(tx, settings, upload, uuidv7(), true);
