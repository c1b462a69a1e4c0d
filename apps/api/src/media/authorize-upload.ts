import type { AuthorizeUpload } from '@claimcheck/contracts/rest';
import type { Transaction } from '@claimcheck/database/database';
import { createUpload } from './create-upload.ts';
import { finalizeUpload } from './finalize-upload.ts';
import { lockMedia, type MediaRow } from './media-row.ts';
import type { MediaSettings } from './media-settings.ts';
import { partSizeFor } from './part-size.ts';
import { ProblemError } from './problem-error.ts';
import type { UploadSession } from './upload-sessions.ts';

export interface AuthorizedUpload {
  media: MediaRow;
  session: UploadSession;
  created: boolean;
}

const create = (
  tx: Transaction,
  settings: MediaSettings,
  owner: string,
  input: AuthorizeUpload,
): Promise<{ session: UploadSession; created: boolean }> => {
  const { content_type, size_bytes, width, height, duration_ms, thumbhash, ...metadata } = input;
  const preview = { width, height, duration_ms, thumbhash };
  return createUpload(tx, settings, {
    owner_user_id: owner,
    length: size_bytes,
    part_size: partSizeFor(size_bytes),
    metadata: { ...metadata, filetype: content_type },
    preview,
  });
};

/** The key names something already: is it this? The type is the client's word until the worker has looked. */
const assertSame = (media: MediaRow, session: UploadSession, input: AuthorizeUpload): void => {
  const { media_object_id } = media;
  const sameSize = session.length === undefined || session.length === input.size_bytes;
  const sameType = media.upload_state === 'uploaded' || media.content_type === input.content_type;
  if (!sameSize || !sameType)
    throw new ProblemError('client_key_conflict', {
      field: sameSize ? 'content_type' : 'size_bytes',
      media_object_id,
    });
  const ended = session.phase === 'aborted' || session.phase === 'expired';
  if (ended || (session.phase !== 'complete' && session.expires_at < new Date()))
    throw new ProblemError('upload_gone', { media_object_id });
};

/**
 * Makes a media object and its upload before any byte is sent. (owner, client_media_id) names one media
 * object for good: the same call again gives the same.
 *
 * @throws ProblemError `not_found` for a conversation that the owner is not a member of · `client_key_conflict`
 *   · `upload_gone` · `quota_exceeded` · `too_many_uploads`
 */
export const authorizeUpload = async (
  tx: Transaction,
  settings: MediaSettings,
  owner: string,
  input: AuthorizeUpload,
): Promise<AuthorizedUpload> => {
  const { session, created } = await create(tx, settings, owner, input);
  // No byte is to come, so nothing else would ever finish it.
  if (created && input.size_bytes === 0) await finalizeUpload(tx, settings, session.upload_id, 0);
  const media = await lockMedia(tx, session.upload_id);
  if (media === undefined) throw new Error('an upload without its media object');
  if (!created) assertSame(media, session, input);
  return { media, session, created };
};
