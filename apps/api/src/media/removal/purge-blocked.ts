import type { Database, Transaction } from '@claimcheck/database/database';
import { lockMedia } from '../record/media-row.ts';

/** Returns a page, by id, of blocked media objects about which every conversation has been notified. */
export const listPurgeable = async (
  { client }: Pick<Database, 'client'>,
  after: string,
  limit: number,
): Promise<string[]> => {
  const rows = await client.media_object.findMany({
    where: { state: 'blocked', fanout: null, media_object_id: { gt: after } },
    orderBy: { media_object_id: 'asc' },
    take: limit,
    select: { media_object_id: true },
  });
  return rows.map(({ media_object_id }) => media_object_id);
};

/**
 * Removes a blocked media object from its messages, which then show that media was removed, and deletes its row. Prefix
 * sweeps, which need no row, delete its objects.
 *
 * @returns whether it existed
 */
export const purgeBlocked = async (tx: Transaction, mediaObjectId: string): Promise<boolean> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row?.state !== 'blocked') return false;
  const where = { media_object_id: mediaObjectId };
  // A fan-out is deleted with the row, so conversations not notified yet would never be.
  if ((await tx.db.fanout.count({ where })) > 0) return false;
  await tx.db.message.updateMany({ where, data: { media_object_id: null } });
  await tx.db.message_attachment.updateMany({ where, data: { media_object_id: null } });
  await tx.db.media_reference.deleteMany({ where });
  await tx.db.upload_session.deleteMany({ where });
  await tx.db.media_object.delete({ where });
  return true;
};
