import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { UsageLimits } from '../record/usage-limits.ts';
import { readAllowance } from './allowance.ts';

/** What an upload takes: bytes, stored or reserved, and a place among the open ones. */
export interface Usage {
  bytes: number;
  is_open: boolean;
}

/** The owner's sums as they would be, and what is added to them. */
interface Change {
  owner_user_id: string;
  bytes: bigint;
  open_uploads: number;
  added_bytes: bigint;
  added_open: bigint;
}

export const NOTHING_USED: Usage = { bytes: 0, is_open: false };

const RETRY_AFTER_MS = 30_000;

/** @throws ProblemError `quota_exceeded` · `too_many_uploads` */
export const assertWithin = (limits: UsageLimits, change: Omit<Change, 'owner_user_id'>): void => {
  const { userQuotaBytes, maxOpenUploads } = limits;
  if (userQuotaBytes !== undefined && change.added_bytes > 0n && change.bytes > userQuotaBytes)
    throw new ProblemError('quota_exceeded', { detail: `A user may keep ${userQuotaBytes} bytes here.` });
  if (change.added_open > 0n && change.open_uploads > maxOpenUploads)
    throw new ProblemError('too_many_uploads', {
      detail: `A user may have ${maxOpenUploads} unfinished uploads.`,
      retry_after_ms: RETRY_AFTER_MS,
    });
};

/**
 * Sets what these uploads of one owner take, and the owner's sum with it. The row of the upload remembers
 * what it was charged, so that nothing is taken or given back twice. The owner's row stays locked until the
 * transaction ends: call it last, or at least before any conversation's lock.
 *
 * @param limits left out where what is there already is only counted
 * @throws ProblemError `quota_exceeded` · `too_many_uploads`, when this takes more than before
 */
export const setUsage = async (
  on: Executor,
  uploadIds: readonly string[],
  usage: Usage,
  limits?: UsageLimits,
): Promise<void> => {
  const [change] = await on.query<Change>(Prisma.sql`
    WITH before AS (
      SELECT upload_id, owner_user_id, charged_bytes, is_counted_open FROM upload_session
      WHERE upload_id = ANY(${[...uploadIds]}::uuid[]) ORDER BY upload_id FOR UPDATE),
    changed AS (
      UPDATE upload_session SET charged_bytes = ${usage.bytes}::bigint, is_counted_open = ${usage.is_open}::boolean
      FROM before WHERE upload_session.upload_id = before.upload_id
      RETURNING before.owner_user_id, ${usage.bytes}::bigint - before.charged_bytes AS bytes,
        ${usage.is_open}::boolean::int - before.is_counted_open::int AS open),
    added AS (
      SELECT owner_user_id, sum(bytes)::bigint AS bytes, sum(open)::bigint AS open
      FROM changed GROUP BY owner_user_id),
    summed AS (
      INSERT INTO user_usage AS kept (owner_user_id, bytes, open_uploads)
      SELECT owner_user_id, bytes, open FROM added
      ON CONFLICT (owner_user_id) DO UPDATE
        SET bytes = kept.bytes + excluded.bytes, open_uploads = kept.open_uploads + excluded.open_uploads
      RETURNING owner_user_id, bytes, open_uploads)
    SELECT owner_user_id, summed.bytes, summed.open_uploads, added.bytes AS added_bytes, added.open AS added_open
    FROM summed JOIN added USING (owner_user_id)`);
  if (limits === undefined || change === undefined) return;
  const allowance = await readAllowance(on, limits, change.owner_user_id);
  assertWithin(allowance.limits, change);
};
