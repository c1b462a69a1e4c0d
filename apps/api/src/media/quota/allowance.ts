import { type Executor, Prisma } from '@claimcheck/database/database';
import type { UsageLimits } from '../record/usage-limits.ts';

/** The limits of a user, and how much of them is in use. */
export interface Allowance {
  limits: UsageLimits;
  used: { bytes: bigint; open_uploads: number; uploads_today: number };
}

/** Columns of {@link selectAllowance}. */
export interface AllowanceRow {
  quota_bytes: bigint | number | null;
  max_open_uploads: number | null;
  max_uploads_per_day: number | null;
  bytes: bigint | number | null;
  open_uploads: number | null;
  uploads_today: number | null;
}

/** Days of quotas are days in UTC. */
export const today = (now = new Date()): string => now.toISOString().slice(0, 10);

/** Time until the day's count restarts. */
export const msUntilTomorrow = (now = Date.now()): number => 86_400_000 - (now % 86_400_000);

/** Builds a query with one row. */
export const selectAllowance = (userId: string): Prisma.Sql => Prisma.sql`
  SELECT quota_bytes, max_open_uploads, max_uploads_per_day, bytes, open_uploads,
    CASE WHEN day = ${today()}::date THEN uploads_today ELSE 0 END AS uploads_today
  FROM (SELECT ${userId}::text AS owner_user_id) AS asked
  LEFT JOIN user_limit USING (owner_user_id) LEFT JOIN user_usage USING (owner_user_id)`;

export const toAllowance = (row: AllowanceRow | undefined, configured: UsageLimits): Allowance => {
  const own = (value: bigint | number | null | undefined) => (value == null ? undefined : Number(value));
  return {
    limits: {
      userQuotaBytes: own(row?.quota_bytes) ?? configured.userQuotaBytes,
      maxOpenUploads: own(row?.max_open_uploads) ?? configured.maxOpenUploads,
      maxUploadsPerDay: own(row?.max_uploads_per_day) ?? configured.maxUploadsPerDay,
    },
    used: {
      bytes: BigInt(row?.bytes ?? 0),
      open_uploads: row?.open_uploads ?? 0,
      uploads_today: row?.uploads_today ?? 0,
    },
  };
};

/** Reads a user's limits, configured or set by an operator (`claimcheck user quota`), and their use. */
export const readAllowance = async (
  on: Pick<Executor, 'query'>,
  configured: UsageLimits,
  userId: string,
): Promise<Allowance> => {
  const [row] = await on.query<AllowanceRow>(selectAllowance(userId));
  return toAllowance(row, configured);
};

/** Limits that an operator set for one user; null: as configured. */
export interface UserLimit {
  quota_bytes: bigint | null;
  max_open_uploads: number | null;
  max_uploads_per_day: number | null;
}

/** Changes the given limits, and leaves the rest. */
export const setUserLimit = async (
  db: { user_limit: Prisma.TransactionClient['user_limit'] },
  owner_user_id: string,
  limit: Partial<UserLimit>,
): Promise<void> => {
  const updated_at = new Date();
  await db.user_limit.upsert({
    where: { owner_user_id },
    create: { owner_user_id, ...limit },
    update: { ...limit, updated_at },
  });
};
