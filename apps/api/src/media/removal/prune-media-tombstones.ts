import { type Database, Prisma } from '@claimcheck/database/database';
import { keepTombstones } from '../record/bookkeeping.ts';

interface Named {
  media_object_id: string;
}

const idsOf = (rows: readonly Named[]): string[] => rows.map(({ media_object_id }) => media_object_id);

/** Selects the media objects that a message, a reference or a fan-out still names. */
const usedAmong = (ids: readonly string[]): Prisma.Sql => {
  const isOne = Prisma.sql`media_object_id = ANY(${[...ids]}::uuid[])`;
  return Prisma.sql`
    SELECT media_object_id FROM message WHERE ${isOne}
    UNION SELECT media_object_id FROM message_attachment WHERE ${isOne}
    UNION SELECT media_object_id FROM media_reference WHERE ${isOne}
    UNION SELECT media_object_id FROM fanout WHERE ${isOne}`;
};

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
    const due = await tx.query<Named>(Prisma.sql`
      SELECT media_object_id FROM media_object
      WHERE state IN ('deleted', 'expired') AND coalesce(kept_at, updated_at) < ${cutoff}::timestamptz
      ORDER BY coalesce(kept_at, updated_at) LIMIT ${limit}::int FOR UPDATE SKIP LOCKED`);
    const used = idsOf(await tx.query<Named>(usedAmong(idsOf(due))));
    const gone = idsOf(due).filter((id) => !used.includes(id));
    if (used.length > 0) await keepTombstones(tx, used);
    if (gone.length === 0) return 0;
    await tx.query(Prisma.sql`DELETE FROM upload_session WHERE media_object_id = ANY(${gone}::uuid[])`);
    await tx.query(Prisma.sql`DELETE FROM media_object WHERE media_object_id = ANY(${gone}::uuid[])`);
    return gone.length;
  });
