import type { UploadMetadata } from '@claimcheck/contracts/rest';
import { isMember } from '@claimcheck/database/conversation-log';
import type { Transaction } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import type { MediaSettings } from './media-settings.ts';
import { ProblemError } from './problem-error.ts';

export interface NewUpload {
  owner_user_id: string;
  metadata: UploadMetadata;
  /** Bytes; undefined while deferred. */
  length: number | undefined;
}

const findByAlias = async (
  tx: Transaction,
  owner: string,
  clientMediaId: string | undefined,
): Promise<string | undefined> => {
  if (clientMediaId === undefined) return undefined;
  const alias = await tx.db.media_alias.findUnique({
    where: { owner_user_id_client_media_id: { owner_user_id: owner, client_media_id: clientMediaId } },
    select: { media_object_id: true },
  });
  return alias?.media_object_id;
};

const insert = async (tx: Transaction, settings: MediaSettings, upload: NewUpload): Promise<string> => {
  const mediaObjectId = uuidv7();
  const { metadata, length, owner_user_id } = upload;
  const key = `${mediaObjectId}/source`;
  const now = Date.now();
  await tx.db.media_object.create({
    data: {
      media_object_id: mediaObjectId,
      owner_user_id,
      conversation_id: metadata.conversation_id ?? null,
      state: 'uploading',
      upload_state: 'uploading',
      filename: metadata.filename,
      content_type: metadata.filetype,
      size_bytes: length ?? 0,
      sha256: metadata.sha256 ?? null,
      alt: metadata.alt ?? null,
      object_storage_key: key,
      s3_bucket: settings.bucket,
      expires_at: new Date(now + settings.orphanTtlMs),
    },
  });
  if (metadata.client_media_id !== undefined)
    await tx.db.media_alias.create({
      data: { owner_user_id, client_media_id: metadata.client_media_id, media_object_id: mediaObjectId },
    });
  await tx.db.upload_session.create({
    data: {
      upload_id: mediaObjectId,
      media_object_id: mediaObjectId,
      owner_user_id,
      protocol: 'tus',
      length: length ?? null,
      s3_bucket: settings.bucket,
      object_storage_key: key,
      expires_at: new Date(now + settings.uploadTtlMs),
    },
  });
  return mediaObjectId;
};

/**
 * Makes the media object and its upload session. (owner, client_media_id) names one media object for
 * good: the same call again, also at the same time, gives the same.
 *
 * @throws ProblemError `not_found` for a conversation that the owner is not a member of
 */
export const createUpload = async (
  tx: Transaction,
  settings: MediaSettings,
  upload: NewUpload,
): Promise<{ media_object_id: string; created: boolean }> => {
  const { owner_user_id, metadata } = upload;
  const known = await findByAlias(tx, owner_user_id, metadata.client_media_id);
  if (known !== undefined) return { media_object_id: known, created: false };
  const conversationId = metadata.conversation_id;
  if (conversationId !== undefined && !(await isMember(tx.db, conversationId, owner_user_id)))
    throw new ProblemError('not_found', { field: 'conversation_id' });
  return { media_object_id: await insert(tx, settings, upload), created: true };
};
