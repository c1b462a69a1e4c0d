import { type Database, Prisma } from '@claimcheck/database/database';

/** Returns the seconds since a media object's attempt was requested, right after its last byte; undefined if pruned. */
export const secondsInWork = async (
  database: Database,
  mediaObjectId: string,
  epoch: number,
): Promise<number | undefined> => {
  const [row] = await database.query<{ seconds: number | null }>(Prisma.sql`
    SELECT extract(epoch FROM now() - min(created_at))::float8 AS seconds FROM outbox
    WHERE payload->>'mediaId' = ${mediaObjectId} AND (payload->>'epoch')::int = ${epoch}`);
  return row?.seconds ?? undefined;
};
