import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { lockMedia } from '../record/media-row.ts';

/** Returns a page, by id, of blocked media objects about which every conversation has been notified. */
export const listPurgeable = async (
  on: Pick<Database, 'query'>,
  after: string,
  limit: number,
): Promise<string[]> => {
  const rows = await on.query<{ media_object_id: string }>(Prisma.sql`
    SELECT media_object_id FROM media_object LEFT JOIN fanout USING (media_object_id)
    WHERE state = 'blocked' AND fanout.media_object_id IS NULL AND media_object_id > ${after}::uuid
    ORDER BY media_object_id LIMIT ${limit}`);
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
  const isIt = Prisma.sql`media_object_id = ${mediaObjectId}::uuid`;
  // A fan-out is deleted with the row, so conversations not notified yet would never be.
  if ((await tx.query(Prisma.sql`SELECT FROM fanout WHERE ${isIt}`)).length > 0) return false;
  await tx.query(Prisma.sql`UPDATE message SET media_object_id = NULL WHERE ${isIt}`);
  await tx.query(Prisma.sql`UPDATE message_attachment SET media_object_id = NULL WHERE ${isIt}`);
  await tx.query(Prisma.sql`DELETE FROM media_reference WHERE ${isIt}`);
  await tx.query(Prisma.sql`DELETE FROM upload_session WHERE ${isIt}`);
  await tx.query(Prisma.sql`DELETE FROM media_object WHERE ${isIt}`);
  return true;
};
