import type { Database, Transaction } from '@claimcheck/database/database';
import { lockMedia } from '../record/media-row.ts';

/** A page, by id, of blocked media objects of which every conversation has been notified. */
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
 * Takes a blocked media object out of the messages, which from then on say that something was removed, and
 * deletes its row. Its objects are the prefix sweeps' business, which need no row.
 *
 * @returns whether it was there to be purged
 */
export const purgeBlocked = async (tx: Transaction, mediaObjectId: string): Promise<boolean> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row?.state !== 'blocked') return false;
  const where = { media_object_id: mediaObjectId };
  // A fan-out is deleted with the row: conversations that are not notified yet never would be.
  if ((await tx.db.fanout.count({ where })) > 0) return false;
  await tx.db.message.updateMany({ where, data: { media_object_id: null } });
  await tx.db.message_attachment.updateMany({ where, data: { media_object_id: null } });
  await tx.db.media_reference.deleteMany({ where });
  await tx.db.upload_session.deleteMany({ where });
  await tx.db.media_object.delete({ where });
  return true;
};
