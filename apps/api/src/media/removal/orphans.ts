import type { Database, Transaction } from '@claimcheck/database/database';
import { writeMedia } from '../lifecycle/write-media.ts';
import { bringBack, isReferenced } from '../messages/references.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';

export type OrphanDecision = 'expiring' | 'expired' | 'brought_back' | 'left';

/** A page, by id, of settled media objects whose time without a reference is over. */
export const listOrphans = async (
  { client }: Pick<Database, 'client'>,
  now: Date,
  after: string,
  limit: number,
): Promise<string[]> => {
  const rows = await client.media_object.findMany({
    where: {
      expires_at: { lt: now },
      state: { in: ['ready', 'degraded', 'failed', 'expiring'] },
      media_object_id: { gt: after },
    },
    orderBy: { media_object_id: 'asc' },
    take: limit,
    select: { media_object_id: true },
  });
  return rows.map(({ media_object_id }) => media_object_id);
};

/**
 * Decides about one orphan, under its lock, after a second check for references: `expiring` first, and without
 * a reference during the grace `expired`, whose objects are swept.
 */
export const expireOrphan = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
  now: Date,
): Promise<OrphanDecision> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row?.expires_at === undefined || row.expires_at === null || row.expires_at >= now) return 'left';
  if (await isReferenced(tx, mediaObjectId)) {
    await keepBooks(tx, mediaObjectId, { expires_at: null });
    await bringBack(tx, settings, row);
    return 'brought_back';
  }
  if (row.state === 'expiring') {
    await writeMedia(tx, settings, row, { state: 'expired', former_state: null, expires_at: null });
    return 'expired';
  }
  if (row.state !== 'ready' && row.state !== 'degraded' && row.state !== 'failed') return 'left';
  await writeMedia(tx, settings, row, {
    state: 'expiring',
    former_state: row.state,
    ready_by: null,
    expires_at: new Date(now.getTime() + settings.orphanGraceMs),
  });
  return 'expiring';
};
