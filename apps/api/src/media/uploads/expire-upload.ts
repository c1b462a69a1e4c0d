import { isTombstone } from '@claimcheck/contracts/media';
import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { writeMedia } from '../lifecycle/write-media.ts';
import { NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';
import {
  type Acquired,
  isHeld,
  LEASE_IS_FREE,
  type Lease,
  leaseAbandonedBy,
  type SessionRow,
  toAcquired,
} from './upload-session.ts';

const WHOLE_GRACE = '1 hour';

/**
 * Claims uploads whose time is over and whose lease is free: unfinished ones, partial uploads that were never joined, and
 * ended ones that were not cleaned up. The caller must release or close each. The least recently tried come first, so that
 * one failing cleanup does not block the others.
 *
 * It leaves an unfinished upload with all of its bytes to the process that finishes it. If that has failed for an hour, it
 * never will succeed.
 */
export const claimDueUploads = async (
  database: Database,
  processId: string,
  limit: number,
): Promise<Acquired[]> => {
  const rows = await database.query<SessionRow>(Prisma.sql`
    UPDATE upload_session
    SET lease_owner = ${processId}::uuid, lease_epoch = lease_epoch + 1, updated_at = now()
    WHERE upload_id IN (
      SELECT upload_id FROM upload_session
      WHERE (phase IN ('open', 'completing', 'aborted') OR (phase = 'complete' AND is_partial))
        AND (phase = 'aborted' OR expires_at < now())
        AND NOT (phase IN ('open', 'completing') AND length IS NOT NULL AND "offset" = length
          AND expires_at > now() - ${WHOLE_GRACE}::interval)
        AND (${LEASE_IS_FREE} OR ${leaseAbandonedBy(processId)})
      ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING *`);
  return rows.map((row) => toAcquired(row, processId));
};

/**
 * Ends an upload for good, before anything of it is removed from the storage: from here on no request can finish it.
 * Repeatable; {@link closeExpired} follows when the storage is clean.
 *
 * @returns false when the lease was lost, or the upload was finished meanwhile: the caller must leave it alone
 */
export const expireUpload = async (
  tx: Transaction,
  settings: DomainConfig,
  lease: Lease,
): Promise<boolean> => {
  const media = await lockMedia(tx, lease.upload_id);
  const ended = await tx.query(Prisma.sql`
    UPDATE upload_session SET phase = 'aborted'
    WHERE ${isHeld(lease)} AND (phase IN ('open', 'completing', 'aborted') OR (phase = 'complete' AND is_partial))
    RETURNING upload_id`);
  if (ended.length === 0) return false;
  if (media === undefined || isTombstone(media.state)) await setUsage(tx, [lease.upload_id], NOTHING_USED);
  else
    await writeMedia(tx, settings, media, {
      state: 'expired',
      upload_state: 'expired',
      ready_by: null,
      expires_at: null,
    });
  return true;
};

/** Sets the last state, without bookkeeping and lease: nothing of the upload is left in the storage. */
export const closeExpired = async (tx: Transaction, lease: Lease): Promise<void> => {
  await tx.query(Prisma.sql`
    WITH closed AS (
      UPDATE upload_session SET phase = 'expired', lease_owner = NULL, updated_at = now()
      WHERE ${isHeld(lease)} AND phase = 'aborted' RETURNING upload_id)
    DELETE FROM upload_part USING closed WHERE upload_part.upload_id = closed.upload_id`);
};
