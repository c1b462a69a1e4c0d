import { type Executor, Prisma } from '@claimcheck/database/database';
import { assignments } from './assignments.ts';
import type { MediaColumns } from './media-row.ts';

/** Columns outside the lifecycle: changing them causes no revision, no message and no event. */
export type Bookkeeping = Partial<
  Pick<MediaColumns, 'expires_at' | 'ready_by' | 'settle_by' | 'progress' | 'owner_user_id'>
>;

/** Writes bookkeeping columns of a media object; under its lock. */
export const keepBooks = async (
  on: Pick<Executor, 'query'>,
  mediaObjectId: string,
  columns: Bookkeeping,
): Promise<void> => {
  await on.query(Prisma.sql`
    UPDATE media_object SET ${assignments(columns)} WHERE media_object_id = ${mediaObjectId}::uuid`);
};

/** Keeps an unreferenced media object until `expiresAt` at least; a referenced one does not expire. */
export const postponeExpiry = async (
  on: Pick<Executor, 'query'>,
  mediaObjectId: string,
  expiresAt: Date,
): Promise<void> => {
  await on.query(Prisma.sql`
    UPDATE media_object SET expires_at = GREATEST(expires_at, ${expiresAt}::timestamptz)
    WHERE media_object_id = ${mediaObjectId}::uuid AND expires_at IS NOT NULL`);
};

/** Notes that tombstones are still in use: the sweeper checks them again after another retention. */
export const keepTombstones = async (
  on: Pick<Executor, 'query'>,
  mediaObjectIds: readonly string[],
): Promise<void> => {
  await on.query(Prisma.sql`
    UPDATE media_object SET kept_at = now() WHERE media_object_id = ANY(${[...mediaObjectIds]}::uuid[])`);
};

/** Takes the host's data from a media object; under its lock. */
export const forgetData = async (on: Pick<Executor, 'query'>, mediaObjectId: string): Promise<void> => {
  await on.query(Prisma.sql`
    UPDATE media_object SET data = NULL WHERE media_object_id = ${mediaObjectId}::uuid`);
};
