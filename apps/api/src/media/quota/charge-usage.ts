import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { UsageLimits } from '../record/usage-limits.ts';
import { msUntilTomorrow, readAllowance, today } from './allowance.ts';

/** The limit that refused a charge, as the SQL function `charge_usage` names it. */
export type Refusal = 'quota_bytes' | 'max_open_uploads' | 'max_uploads_per_day';

/** Amounts added to a user's sums; SQL expressions of types bigint and int, which may be negative. */
interface Charge {
  owner: Prisma.Sql;
  bytes: Prisma.Sql;
  open: Prisma.Sql;
  /** Uploads that count for the day. */
  started?: number;
}

const RETRY_AFTER_MS = 30_000;

/**
 * Builds an SQL expression that charges a user and is null; or it charges nothing, and is the name of the exceeded limit.
 * The owner's row stays locked until the transaction ends.
 *
 * @param limits as configured; absent where stored bytes are only counted
 */
export const chargeUsage = (charge: Charge, limits?: UsageLimits): Prisma.Sql => Prisma.sql`charge_usage(
  ${charge.owner}, ${charge.bytes}, ${charge.open}, ${charge.started ?? 0}::int, ${today()}::date,
  ${limits?.userQuotaBytes ?? null}::bigint, ${limits?.maxOpenUploads ?? null}::int,
  ${limits?.maxUploadsPerDay ?? null}::int)`;

/** Returns the refusal as an error that states this user's limit: `quota_exceeded` · `too_many_uploads` · `…_today`. */
export const refusalOf = async (
  on: Pick<Executor, 'query'>,
  configured: UsageLimits,
  owner: string,
  refusal: Refusal,
): Promise<ProblemError> => {
  const { limits } = await readAllowance(on, configured, owner);
  if (refusal === 'quota_bytes')
    return new ProblemError('quota_exceeded', {
      detail: `A user may keep ${limits.userQuotaBytes} bytes here.`,
    });
  if (refusal === 'max_open_uploads')
    return new ProblemError('too_many_uploads', {
      detail: `A user may have ${limits.maxOpenUploads} unfinished uploads.`,
      retry_after_ms: RETRY_AFTER_MS,
    });
  return new ProblemError('too_many_uploads_today', {
    detail: `A user may start ${limits.maxUploadsPerDay} uploads in a day (UTC).`,
    retry_after_ms: msUntilTomorrow(),
  });
};
