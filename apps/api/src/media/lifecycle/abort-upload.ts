import { type Executor, Prisma } from '@claimcheck/database/database';

/** Ends the unfinished upload of a media object; the expirer removes what it stored. */
export const abortUpload = async (on: Pick<Executor, 'query'>, mediaObjectId: string): Promise<void> => {
  await on.query(Prisma.sql`
    UPDATE upload_session SET phase = 'aborted', updated_at = now()
    WHERE media_object_id = ${mediaObjectId}::uuid AND phase IN ('open', 'completing')`);
};
