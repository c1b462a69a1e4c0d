import { isTombstone } from '@claimcheck/contracts/media';
import { Prisma, type Transaction } from '@claimcheck/database/database';
import { abortUpload } from '../lifecycle/abort-upload.ts';
import { writeMedia } from '../lifecycle/write-media.ts';
import { forgetData } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';
import { noMedia } from '../record/not-found.ts';
import { NOTHING_PERSONAL, rewriteLogs } from './erase-media.ts';

/** An order to take a media object down. */
export interface Takedown {
  media_object_id: string;
  taken_down_by: string;
  reason: string;
}

/**
 * Takes a media object down in every conversation and its log: it becomes a tombstone without name, texts and preview.
 * References stay, so that messages show that media was removed. Its owner stays, so that an operator can find out whose
 * it was. Repeatable; the first order counts. The caller removes the objects after the commit; if it dies first, the
 * sweeper does.
 *
 * @returns whether this call took it down
 * @throws ProblemError `not_found`
 */
export const takeDownMedia = async (
  tx: Transaction,
  settings: DomainConfig,
  takedown: Takedown,
): Promise<boolean> => {
  const { media_object_id } = takedown;
  const row = await lockMedia(tx, media_object_id);
  if (row === undefined) throw noMedia({ media_object_id });
  const ordered = await tx.query(Prisma.sql`
    INSERT INTO takedown (media_object_id, taken_down_by, reason)
    VALUES (${media_object_id}::uuid, ${takedown.taken_down_by}, ${takedown.reason})
    ON CONFLICT DO NOTHING RETURNING media_object_id`);
  if (ordered.length === 0) return false;
  await abortUpload(tx, media_object_id);
  await forgetData(tx, media_object_id);
  const taken = await writeMedia(
    tx,
    settings,
    { ...row, data: null },
    {
      ...NOTHING_PERSONAL,
      state: isTombstone(row.state) ? row.state : 'deleted',
      upload_state: row.upload_state === 'uploaded' ? 'uploaded' : 'failed',
      thumbnail_state: 'none',
      derivatives: 'none',
    },
  );
  await rewriteLogs(tx, settings, taken);
  return true;
};
