import { isTombstone } from '@claimcheck/contracts/media';
import type { Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { isReferenced } from '../record/is-referenced.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import { abortUpload } from './abort-upload.ts';
import { writeMedia } from './write-media.ts';

/**
 * The owner's deletion; repeatable. The caller removes the objects after the commit.
 *
 * @returns the row as it was
 * @throws ProblemError `not_found` · `media_referenced`
 */
export const deleteMedia = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
  userId: string,
): Promise<MediaRow> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row === undefined || row.owner_user_id !== userId) throw new ProblemError('not_found');
  if (isTombstone(row.state)) return row;
  if (await isReferenced(tx, mediaObjectId))
    throw new ProblemError('media_referenced', { media_object_id: mediaObjectId });
  await abortUpload(tx, mediaObjectId);
  await writeMedia(tx, settings, row, {
    state: 'deleted',
    upload_state: row.upload_state === 'uploaded' ? 'uploaded' : 'failed',
    ready_by: null,
    expires_at: null,
  });
  return row;
};
