import { type Database, Prisma } from '@claimcheck/database/database';
import { keepTombstones } from '../record/bookkeeping.ts';

/**
 * Media objects that were deleted or expired before `cutoff`, with their upload sessions and names. One that a
 * message still shows, or that a fan-out still announces, is kept, and checked again after another retention.
 */
export const pruneMediaTombstones = (
  database: Pick<Database, 'transaction'>,
  cutoff: Date,
  limit: number,
): Promise<number> =>
  database.transaction(async (tx) => {
    const due = await tx.query<{ media_object_id: string; is_used: boolean }>(Prisma.sql`
      SELECT media_object_id, EXISTS (SELECT FROM message WHERE message.media_object_id = due.media_object_id)
        OR EXISTS (SELECT FROM message_attachment WHERE message_attachment.media_object_id = due.media_object_id)
        OR EXISTS (SELECT FROM media_reference WHERE media_reference.media_object_id = due.media_object_id)
        OR EXISTS (SELECT FROM fanout WHERE fanout.media_object_id = due.media_object_id) AS is_used
      FROM media_object AS due
      WHERE state IN ('deleted', 'expired') AND coalesce(kept_at, updated_at) < ${cutoff}::timestamptz
      ORDER BY coalesce(kept_at, updated_at) LIMIT ${limit}::int FOR UPDATE OF due SKIP LOCKED`);
    const idsOf = (isUsed: boolean) =>
      due.flatMap(({ media_object_id, is_used }) => (is_used === isUsed ? [media_object_id] : []));
    const [used, gone] = [idsOf(true), idsOf(false)];
    if (used.length > 0) await keepTombstones(tx, used);
    if (gone.length === 0) return 0;
    await tx.query(Prisma.sql`DELETE FROM upload_session WHERE media_object_id = ANY(${gone}::uuid[])`);
    await tx.query(Prisma.sql`DELETE FROM media_object WHERE media_object_id = ANY(${gone}::uuid[])`);
    return gone.length;
  });
