import { isTombstone } from '@claimcheck/contracts/media';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';

/**
 * Gives an unfinished upload its full time again; its bytes stay.
 *
 * @throws ProblemError `not_found` for another user's · `media_gone` · `upload_finished` · `upload_gone`
 */
export const renewUpload = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
  userId: string,
): Promise<{ media: MediaRow; expires_at: Date }> => {
  const media = await lockMedia(tx, mediaObjectId);
  if (media === undefined || media.owner_user_id !== userId) throw new ProblemError('not_found');
  const extra = { media_object_id: mediaObjectId };
  if (media.upload_state === 'uploaded')
    throw new ProblemError(isTombstone(media.state) ? 'media_gone' : 'upload_finished', extra);
  const now = new Date();
  const expires_at = new Date(now.getTime() + settings.uploadTtlMs);
  // An expired upload cannot be renewed: the expirer may be removing it.
  const renewed = await tx.query(Prisma.sql`
    UPDATE upload_session SET expires_at = ${expires_at}::timestamptz
    WHERE upload_id = ${mediaObjectId}::uuid AND phase IN ('open', 'completing') AND expires_at > ${now}::timestamptz
    RETURNING upload_id`);
  if (renewed.length === 0) throw new ProblemError('upload_gone', extra);
  return { media, expires_at };
};
