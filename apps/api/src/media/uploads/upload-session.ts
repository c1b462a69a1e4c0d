import { type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { chargeUsage } from '../quota/charge-usage.ts';
import type { MediaRow } from '../record/media-row.ts';
import type { UsageLimits } from '../record/usage-limits.ts';

/** One upload as its row describes it. `offset` is committed, and the one that clients see. Sizes in bytes. */
export interface UploadSession {
  upload_id: string;
  media_object_id: string | null;
  owner_user_id: string;
  protocol: 'tus' | 'put' | 'multipart';
  phase: 'open' | 'completing' | 'complete' | 'aborted' | 'expired';
  is_partial: boolean;
  length: number | undefined;
  offset: number;
  part_size: number;
  object_storage_key: string;
  s3_upload_id: string | undefined;
  /** As the client sent them, so that the protocol can return them. */
  metadata: string | undefined;
  concat: string | undefined;
  /** Time of the first Complete for the parts. */
  completing_at: Date | null;
  expires_at: Date;
  created_at: Date;
  /** The media object as this very process has just created it. */
  created?: MediaRow | undefined;
}

/** The row of {@link UploadSession}. */
export type SessionRow = Omit<
  UploadSession,
  'length' | 'offset' | 'part_size' | 's3_upload_id' | 'metadata' | 'concat' | 'created'
> & {
  length: bigint | null;
  offset: bigint;
  part_size: bigint | null;
  s3_upload_id: string | null;
  metadata: string | null;
  concat: string | null;
  lease_epoch: number;
};

export const toSession = (row: SessionRow): UploadSession => ({
  ...row,
  length: row.length === null ? undefined : Number(row.length),
  offset: Number(row.offset),
  part_size: Number(row.part_size),
  s3_upload_id: row.s3_upload_id ?? undefined,
  metadata: row.metadata ?? undefined,
  concat: row.concat ?? undefined,
});

/** Stores need minutes for a large Complete, and may hide object and multipart upload meanwhile. */
const COMPLETE_TAKES_MS = 600_000;

/** Returns whether a Complete may still be running: an object missing now is not lost yet. */
export const mayBeCompleting = ({ completing_at }: Pick<UploadSession, 'completing_at'>): boolean =>
  completing_at !== null && Date.now() - completing_at.getTime() < COMPLETE_TAKES_MS;

export const findSession = async (
  on: Pick<Executor, 'query'>,
  uploadId: string,
): Promise<UploadSession | undefined> => {
  const [row] = await on.query<SessionRow>(Prisma.sql`
    SELECT * FROM upload_session WHERE upload_id = ${uploadId}::uuid`);
  return row === undefined ? undefined : toSession(row);
};

/** All bytes are stored, and the upload is unfinished because its last request died. */
export const needsRecovery = ({
  phase,
  offset,
  length,
}: Pick<UploadSession, 'phase' | 'offset' | 'length'>): boolean =>
  phase === 'completing' || (phase === 'open' && offset === length);

/** The right to write one upload's state, until another process takes a lease with a higher fencing token. */
export interface Lease {
  upload_id: string;
  owner: string;
  /** Grows with each lease of the upload; every write names it. */
  fencingToken: number;
}

/** Condition on a row of upload_session: this lease is still the valid one. */
export const isHeld = ({ upload_id, fencingToken, owner }: Lease): Prisma.Sql => Prisma.sql`
  upload_id = ${upload_id}::uuid AND lease_epoch = ${fencingToken} AND lease_owner = ${owner}::uuid`;

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

export interface StoredPart {
  number: number;
  etag: string;
  size_bytes: number;
}

export interface StoredTail {
  number: number;
  key: string;
  size_bytes: number;
}

/** Progress of an upload: stored parts, an added tail, and tails that parts absorbed. */
export interface Progress {
  offset: number;
  parts: StoredPart[];
  tail?: StoredTail;
  /** Tails up to this number are no longer needed. */
  tails_joined?: number;
}

/** Writes the new offset if the lease is still held. */
const fence = (lease: Lease, offset: number): Prisma.Sql => Prisma.sql`
  fenced AS (
    UPDATE upload_session SET "offset" = ${offset}, updated_at = now()
    WHERE ${isHeld(lease)} AND phase = 'open'
    RETURNING upload_id)`;

/** Does the same as {@link fence}, if the new bytes fit into the owner's quota. */
const chargeAndFence = (lease: Lease, offset: number, limits: UsageLimits): Prisma.Sql => {
  const added = {
    owner: Prisma.sql`owner_user_id`,
    bytes: Prisma.sql`${offset}::bigint - charged_bytes`,
    open: Prisma.sql`0`,
  };
  return Prisma.sql`
  held AS (
    SELECT upload_id, owner_user_id, charged_bytes FROM upload_session
    WHERE ${isHeld(lease)} AND phase = 'open'
    FOR UPDATE),
  charged AS (SELECT upload_id, ${chargeUsage(added, limits)} AS refusal FROM held),
  fenced AS (
    UPDATE upload_session SET "offset" = ${offset}, charged_bytes = ${offset}, updated_at = now()
    FROM charged WHERE upload_session.upload_id = charged.upload_id AND refusal IS NULL
    RETURNING upload_session.upload_id)`;
};

/**
 * Commits progress in one statement, fenced by the lease.
 *
 * @param limits given if the upload's length is unknown: its stored bytes are charged
 * @returns false when the lease was lost: nothing was written
 * @throws ProblemError `quota_exceeded`: nothing was written
 */
export const commitProgress = async (
  on: Pick<Executor, 'query'>,
  lease: Lease,
  progress: Progress,
  limits: UsageLimits | undefined,
): Promise<boolean> => {
  const { parts, tail, offset, tails_joined = -1 } = progress;
  const rows = [
    ...parts.map((part) => ({ kind: 'part', key: null, ...part })),
    ...(tail === undefined ? [] : [{ kind: 'tail', etag: '', ...tail }]),
  ];
  const refused = Prisma.sql`UNION ALL SELECT false FROM charged WHERE refusal IS NOT NULL`;
  const [written] = await on.query<{ is_kept: boolean }>(Prisma.sql`
    WITH ${limits === undefined ? fence(lease, offset) : chargeAndFence(lease, offset, limits)},
    joined AS (
      DELETE FROM upload_part USING fenced
      WHERE upload_part.upload_id = fenced.upload_id AND kind = 'tail' AND number <= ${tails_joined}),
    added AS (
      INSERT INTO upload_part (upload_id, kind, number, etag, size_bytes, object_storage_key)
      SELECT fenced.upload_id, kind::upload_part_kind, number, etag, size_bytes, key
      FROM fenced, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS new (kind text, number int, etag text, size_bytes bigint, key text))
    SELECT true AS is_kept FROM fenced
    ${limits === undefined ? Prisma.empty : refused}`);
  if (written?.is_kept === false) throw new ProblemError('quota_exceeded');
  return written !== undefined;
};

export const listParts = async (on: Pick<Executor, 'query'>, uploadId: string): Promise<StoredPart[]> => {
  const rows = await on.query<{ number: number; etag: string; size_bytes: bigint }>(Prisma.sql`
    SELECT number, etag, size_bytes FROM upload_part
    WHERE upload_id = ${uploadId}::uuid AND kind = 'part' ORDER BY number`);
  return rows.map(({ number, etag, size_bytes }) => ({ number, etag, size_bytes: Number(size_bytes) }));
};

export const listTails = async (on: Pick<Executor, 'query'>, uploadId: string): Promise<StoredTail[]> => {
  const rows = await on.query<{ number: number; key: string | null; size_bytes: bigint }>(Prisma.sql`
    SELECT number, object_storage_key AS key, size_bytes FROM upload_part
    WHERE upload_id = ${uploadId}::uuid AND kind = 'tail' ORDER BY number`);
  return rows.map(({ number, key, size_bytes }) => ({
    number,
    key: key ?? '',
    size_bytes: Number(size_bytes),
  }));
};
