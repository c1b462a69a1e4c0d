import { type Database, Prisma } from '@claimcheck/database/database';
import {
  type Acquired,
  LEASE_IS_FREE,
  leaseAbandonedBy,
  type SessionRow,
  toAcquired,
} from './upload-session.ts';

/** A client that lost its answer asks again within this time, and then finishes the upload itself. */
const QUIET = '30 seconds';

/**
 * Claims uploads whose bytes are all stored and whose last request died. The caller must release each. The least recently
 * tried come first.
 */
export const claimUnfinished = async (
  database: Pick<Database, 'query'>,
  processId: string,
  now: Date,
  limit: number,
): Promise<Acquired[]> => {
  const rows = await database.query<SessionRow>(Prisma.sql`
    UPDATE upload_session
    SET lease_owner = ${processId}::uuid, lease_epoch = lease_epoch + 1, updated_at = ${now}::timestamptz
    WHERE upload_id IN (
      SELECT upload_id FROM upload_session
      WHERE protocol = 'tus' AND (phase = 'completing' OR (phase = 'open' AND "offset" = length))
        AND updated_at < ${now}::timestamptz - ${QUIET}::interval
        AND (${LEASE_IS_FREE} OR ${leaseAbandonedBy(processId)})
      ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING *`);
  return rows.map((row) => toAcquired(row, processId));
};
