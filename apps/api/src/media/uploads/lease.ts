import { Prisma } from '@claimcheck/database/database';
import { type SessionRow, toSession, type UploadSession } from './upload-session.ts';

/** The right to write one upload's state, until another process takes a lease with a higher fencing token. */
export interface Lease {
  upload_id: string;
  owner: string;
  /** Grows with each lease of the upload; every write names it. */
  fencingToken: number;
}

export interface Acquired {
  lease: Lease;
  session: UploadSession;
}

/** @param owner the process that has just taken the row's lease */
export const toAcquired = (row: SessionRow, owner: string): Acquired => ({
  lease: { upload_id: row.upload_id, owner, fencingToken: row.lease_epoch },
  session: toSession(row),
});

/** A process that was silent for this long no longer holds a lease. */
const DEAD_AFTER = '6 seconds';

/** Condition on a row of upload_session: no living process holds it. */
export const LEASE_IS_FREE = Prisma.sql`(lease_owner IS NULL OR NOT EXISTS (SELECT 1 FROM process_heartbeat
  WHERE process_id = lease_owner AND beat_at > now() - ${DEAD_AFTER}::interval))`;

/**
 * Condition on a row of upload_session: an old claim that this very process has forgotten. Other processes cannot take a
 * lease that it failed to release, or never learned about, while it lives.
 */
export const leaseAbandonedBy = (processId: string): Prisma.Sql =>
  Prisma.sql`(lease_owner = ${processId}::uuid AND updated_at < now() - interval '10 minutes')`;
