import { type Database, type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { chargeUsage } from '../quota/charge-usage.ts';
import type { UsageLimits } from '../record/usage-limits.ts';
import type { Lease } from './lease.ts';

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
const fence = ({ upload_id, fencingToken, owner }: Lease, offset: number): Prisma.Sql => Prisma.sql`
  fenced AS (
    UPDATE upload_session SET "offset" = ${offset}, updated_at = now()
    WHERE upload_id = ${upload_id}::uuid AND lease_epoch = ${fencingToken}
      AND lease_owner = ${owner}::uuid AND phase = 'open'
    RETURNING upload_id)`;

/** Does the same as {@link fence}, if the new bytes fit into the owner's quota. */
const chargeAndFence = (
  { upload_id, fencingToken, owner }: Lease,
  offset: number,
  limits: UsageLimits,
): Prisma.Sql => {
  const added = {
    owner: Prisma.sql`owner_user_id`,
    bytes: Prisma.sql`${offset}::bigint - charged_bytes`,
    open: Prisma.sql`0`,
  };
  return Prisma.sql`
  held AS (
    SELECT upload_id, owner_user_id, charged_bytes FROM upload_session
    WHERE upload_id = ${upload_id}::uuid AND lease_epoch = ${fencingToken} AND lease_owner = ${owner}::uuid
      AND phase = 'open'
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

export const listTails = async (
  { client }: Pick<Database, 'client'>,
  uploadId: string,
): Promise<StoredTail[]> => {
  const rows = await client.upload_part.findMany({
    where: { upload_id: uploadId, kind: 'tail' },
    orderBy: { number: 'asc' },
  });
  return rows.map(({ number, object_storage_key, size_bytes }) => ({
    number,
    key: object_storage_key ?? '',
    size_bytes: Number(size_bytes),
  }));
};
