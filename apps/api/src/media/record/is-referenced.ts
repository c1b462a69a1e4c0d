import { type Executor, Prisma } from '@claimcheck/database/database';

/** Returns whether a message or a host refers to a media object. */
export const isReferenced = async (on: Pick<Executor, 'query'>, mediaObjectId: string): Promise<boolean> => {
  const rows = await on.query(Prisma.sql`
    SELECT FROM media_reference WHERE media_object_id = ${mediaObjectId}::uuid LIMIT 1`);
  return rows.length > 0;
};
