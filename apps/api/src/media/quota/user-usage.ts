import { type Executor, Prisma } from '@claimcheck/database/database';
import type { UsageLimits } from '../record/usage-limits.ts';
import { chargeUsage, type Refusal, refusalOf } from './charge-usage.ts';

/** The share of an upload: bytes, stored or reserved, and one of the user's open uploads. */
export interface Usage {
  bytes: number;
  is_open: boolean;
}

export const NOTHING_USED: Usage = { bytes: 0, is_open: false };

/**
 * Sets the usage of these uploads, and their owners' sums with it. Each upload's row records its charge, so that nothing is
 * charged or refunded twice. The owners' rows stay locked until the transaction ends: call it last, or at least before any
 * conversation's lock.
 *
 * @param limits absent where stored bytes are only counted
 * @throws ProblemError `quota_exceeded` · `too_many_uploads`, when the new usage is higher than before
 */
export const setUsage = async (
  on: Executor,
  uploadIds: readonly string[],
  usage: Usage,
  limits?: UsageLimits,
): Promise<void> => {
  const added = {
    owner: Prisma.sql`owner_user_id`,
    bytes: Prisma.sql`bytes`,
    open: Prisma.sql`open`,
  };
  const charged = await on.query<{ owner_user_id: string; refusal: Refusal | null }>(Prisma.sql`
    WITH before AS (
      SELECT upload_id, owner_user_id, charged_bytes, is_counted_open FROM upload_session
      WHERE upload_id = ANY(${[...uploadIds]}::uuid[]) ORDER BY upload_id FOR UPDATE),
    changed AS (
      UPDATE upload_session SET charged_bytes = ${usage.bytes}::bigint, is_counted_open = ${usage.is_open}::boolean
      FROM before WHERE upload_session.upload_id = before.upload_id
      RETURNING before.owner_user_id, ${usage.bytes}::bigint - before.charged_bytes AS bytes,
        ${usage.is_open}::boolean::int - before.is_counted_open::int AS open),
    added AS (
      SELECT owner_user_id, sum(bytes)::bigint AS bytes, sum(open)::int AS open
      FROM changed GROUP BY owner_user_id ORDER BY owner_user_id)
    SELECT owner_user_id, ${chargeUsage(added, limits)} AS refusal FROM added`);
  for (const { owner_user_id, refusal } of charged)
    if (limits !== undefined && refusal !== null) throw await refusalOf(on, limits, owner_user_id, refusal);
};
