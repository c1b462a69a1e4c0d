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

/**
 * Builds the statement for media objects that get a reference: they do not expire. Each row changes in any case, so that a
 * result that was decided before the reference is decided again.
 *
 * @param when the name of an expression of the same statement: it writes nothing unless that has a row
 */
export const endExpiry = (mediaObjectIds: readonly string[], when: Prisma.Sql): Prisma.Sql => Prisma.sql`
  UPDATE media_object SET expires_at = NULL
  WHERE media_object_id = ANY(${[...mediaObjectIds]}::uuid[]) AND EXISTS (SELECT FROM ${when})
  RETURNING media_object_id`;

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
