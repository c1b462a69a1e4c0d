import { randomUUID } from 'node:crypto';
import { type Database, type Executor, Prisma, type Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { readAllowance } from '../quota/allowance.ts';
import { chargeUsage } from '../quota/charge-usage.ts';
import { NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import type { UsageLimits } from '../record/usage-limits.ts';

/** One upload as its row says; `offset` is committed: what a client was or may be told. Sizes in bytes. */
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
  /** As the client sent them, for its protocol to repeat. */
  metadata: string | undefined;
  concat: string | undefined;
  expires_at: Date;
  created_at: Date;
}

/** The right to write one upload's state, until somebody else has taken a higher epoch. */
export interface Lease {
  upload_id: string;
  owner: string;
  epoch: number;
}

export interface Acquired {
  lease: Lease;
  session: UploadSession;
}

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

/** A step forward of an upload: parts that are stored, a tail that was added, tails that parts took in. */
export interface Progress {
  offset: number;
  parts: StoredPart[];
  tail?: StoredTail;
  /** Tails up to this number are not needed any more. */
  tails_joined?: number;
}

/** The row of {@link UploadSession}. */
export type SessionRow = Omit<
  UploadSession,
  'length' | 'offset' | 'part_size' | 's3_upload_id' | 'metadata' | 'concat'
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

/** @param owner the process that has just taken the row's lease */
export const toAcquired = (row: SessionRow, owner: string): Acquired => ({
  lease: { upload_id: row.upload_id, owner, epoch: row.lease_epoch },
  session: toSession(row),
});

export const findSession = async (
  on: Pick<Executor, 'query'>,
  uploadId: string,
): Promise<UploadSession | undefined> => {
  const [row] = await on.query<SessionRow>(Prisma.sql`
    SELECT * FROM upload_session WHERE upload_id = ${uploadId}::uuid`);
  return row === undefined ? undefined : toSession(row);
};

const HEARTBEAT_EVERY_MS = 2_000;
/** A process that was silent for so long holds nothing any more. */
const DEAD_AFTER = '6 seconds';

/** Condition on a row of upload_session: no living process holds it. */
export const NOBODYS = Prisma.sql`(lease_owner IS NULL OR NOT EXISTS (SELECT 1 FROM process_heartbeat
  WHERE process_id = lease_owner AND beat_at > now() - ${DEAD_AFTER}::interval))`;

/**
 * Condition on a row of upload_session: a claim of this very process that it has long forgotten. What it could
 * not give back, or never learned that it had, nobody else may take while it lives.
 */
export const leftBy = (processId: string): Prisma.Sql =>
  Prisma.sql`(lease_owner = ${processId}::uuid AND updated_at < now() - interval '10 minutes')`;

/**
 * State of uploads in Postgres. Each write is fenced by the lease's epoch, so that a process which was
 * paused, or cut off, can't write over what its successor did.
 */
export class UploadSessions {
  /** This process, as the owner of leases. */
  readonly processId = randomUUID();
  readonly #database: Database;
  readonly #limits: UsageLimits;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(database: Database, limits: UsageLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /** From now on this process counts as alive. One row for all of its leases. */
  async start(onError: (error: unknown) => void): Promise<void> {
    await this.#beat();
    this.#heartbeat = setInterval(() => void this.#beat().catch(onError), HEARTBEAT_EVERY_MS);
  }

  /** Gives up all leases at once. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#database.query(Prisma.sql`
      DELETE FROM process_heartbeat WHERE process_id = ${this.processId}::uuid`);
  }

  async #beat(): Promise<void> {
    await this.#database.query(Prisma.sql`
      INSERT INTO process_heartbeat (process_id, beat_at) VALUES (${this.processId}::uuid, now())
      ON CONFLICT (process_id) DO UPDATE SET beat_at = now()`);
  }

  async find(uploadId: string): Promise<UploadSession | undefined> {
    return findSession(this.#database, uploadId);
  }

  /**
   * Takes the lease when it is free, ours, or its holder is dead; the session is as it is under the lease.
   *
   * @throws ProblemError `upload_gone` for one that was ended: nobody may write it any more
   */
  async acquire(uploadId: string): Promise<Acquired | undefined> {
    const [row] = await this.#database.query<SessionRow>(Prisma.sql`
      UPDATE upload_session
      SET lease_owner = ${this.processId}::uuid, lease_epoch = lease_epoch + 1, updated_at = now()
      WHERE upload_id = ${uploadId}::uuid AND phase NOT IN ('aborted', 'expired')
        AND (lease_owner = ${this.processId}::uuid OR ${NOBODYS})
      RETURNING *`);
    if (row !== undefined) return toAcquired(row, this.processId);
    const found = await this.find(uploadId);
    if (found?.phase === 'aborted' || found?.phase === 'expired') throw new ProblemError('upload_gone');
    return undefined;
  }

  /** The lease of an unfinished upload of this user, if it is there to be had; one statement for the usual case. */
  async acquireOwn(uploadId: string, userId: string): Promise<Acquired | undefined> {
    const [row] = await this.#database.query<SessionRow>(Prisma.sql`
      UPDATE upload_session
      SET lease_owner = ${this.processId}::uuid, lease_epoch = lease_epoch + 1, updated_at = now()
      WHERE upload_id = ${uploadId}::uuid AND owner_user_id = ${userId} AND phase = 'open'
        AND protocol = 'tus' AND (lease_owner = ${this.processId}::uuid OR ${NOBODYS})
      RETURNING *`);
    return row === undefined ? undefined : toAcquired(row, this.processId);
  }

  async release(lease: Lease): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE upload_session SET lease_owner = NULL
      WHERE upload_id = ${lease.upload_id}::uuid AND lease_epoch = ${lease.epoch}
        AND lease_owner = ${lease.owner}::uuid`);
  }

  /** Gives up whatever lease this process still has of an upload that no request of it holds. */
  async disown(uploadId: string): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE upload_session SET lease_owner = NULL
      WHERE upload_id = ${uploadId}::uuid AND lease_owner = ${this.processId}::uuid`);
  }

  /** What its owner's quota leaves, in bytes; without one there is no end to it. */
  async bytesLeft(ownerUserId: string): Promise<number> {
    const { limits, used } = await readAllowance(this.#database, this.#limits, ownerUserId);
    return Math.max(0, (limits.userQuotaBytes ?? Number.POSITIVE_INFINITY) - Number(used.bytes));
  }

  /**
   * @param charges the upload's length is not known: what is stored of it is charged, in the same statement
   * @returns false when the lease was lost: nothing was written
   * @throws ProblemError `quota_exceeded`: nothing was written
   */
  async commit(lease: Lease, progress: Progress, charges = false): Promise<boolean> {
    const { parts, tail, offset } = progress;
    const rows = [
      ...parts.map((part) => ({ kind: 'part', key: null, ...part })),
      ...(tail === undefined ? [] : [{ kind: 'tail', etag: '', ...tail }]),
    ];
    const [written] = await this.#database.query<{ is_kept: boolean }>(Prisma.sql`
      WITH ${charges ? this.#charge(lease, offset) : fence(lease, offset)},
      joined AS (
        DELETE FROM upload_part USING fenced
        WHERE upload_part.upload_id = fenced.upload_id AND kind = 'tail' AND number <= ${progress.tails_joined ?? -1}),
      added AS (
        INSERT INTO upload_part (upload_id, kind, number, etag, size_bytes, object_storage_key)
        SELECT fenced.upload_id, kind::upload_part_kind, number, etag, size_bytes, key
        FROM fenced, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          AS new (kind text, number int, etag text, size_bytes bigint, key text))
      SELECT true AS is_kept FROM fenced
      ${charges ? Prisma.sql`UNION ALL SELECT false FROM charged WHERE refusal IS NOT NULL` : Prisma.empty}`);
    if (written?.is_kept === false) throw new ProblemError('quota_exceeded');
    return written !== undefined;
  }

  /** As {@link fence}, where the owner's quota has room for what is new. */
  #charge({ upload_id, epoch, owner }: Lease, offset: number): Prisma.Sql {
    const added = {
      owner: Prisma.sql`owner_user_id`,
      bytes: Prisma.sql`${offset}::bigint - charged_bytes`,
      open: Prisma.sql`0`,
    };
    return Prisma.sql`held AS (
        SELECT upload_id, owner_user_id, charged_bytes FROM upload_session
        WHERE upload_id = ${upload_id}::uuid AND lease_epoch = ${epoch} AND lease_owner = ${owner}::uuid
          AND phase = 'open'
        FOR UPDATE),
      charged AS (SELECT upload_id, ${chargeUsage(added, this.#limits)} AS refusal FROM held),
      fenced AS (
        UPDATE upload_session SET "offset" = ${offset}, charged_bytes = ${offset}, updated_at = now()
        FROM charged WHERE upload_session.upload_id = charged.upload_id AND refusal IS NULL
        RETURNING upload_session.upload_id)`;
  }

  /** @returns false when the lease was lost */
  async setMultipart(lease: Lease, s3UploadId: string): Promise<boolean> {
    return update(this.#database.client, lease, { s3_upload_id: s3UploadId });
  }

  /**
   * The length that was deferred at the creation.
   *
   * @returns false when the lease was lost
   * @throws ProblemError `quota_exceeded`: nothing was written
   */
  async setLength(lease: Lease, length: number): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const written = await update(tx.db, lease, { length });
      if (written) await setUsage(tx, [lease.upload_id], { bytes: length, is_open: true }, this.#limits);
      return written;
    });
  }

  /** @returns false when the lease was lost */
  async setPhase(lease: Lease, phase: 'completing' | 'aborted'): Promise<boolean> {
    if (phase === 'completing') return update(this.#database.client, lease, { phase });
    return this.#database.transaction(async (tx) => {
      const written = await update(tx.db, lease, { phase });
      if (written) await setUsage(tx, [lease.upload_id], NOTHING_USED);
      return written;
    });
  }

  /** A piece of a concatenation is whole. */
  async finishPartial(uploadId: string, length: number): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const { count } = await tx.db.upload_session.updateMany({
        where: { upload_id: uploadId, is_partial: true, phase: { in: ['open', 'completing'] } },
        data: { phase: 'complete', length, offset: length, lease_owner: null },
      });
      if (count === 1) await setUsage(tx, [uploadId], { bytes: length, is_open: false });
    });
  }

  /** They are part of another upload now: what they left in the storage is the expirer's. */
  async endPartials(uploadIds: readonly string[]): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE upload_session SET phase = 'aborted', updated_at = now()
      WHERE upload_id = ANY(${[...uploadIds]}::uuid[]) AND is_partial AND phase = 'complete'`);
  }

  async parts(uploadId: string): Promise<StoredPart[]> {
    const rows = await this.#database.query<{ number: number; etag: string; size_bytes: bigint }>(Prisma.sql`
      SELECT number, etag, size_bytes FROM upload_part
      WHERE upload_id = ${uploadId}::uuid AND kind = 'part' ORDER BY number`);
    return rows.map(({ number, etag, size_bytes }) => ({
      number,
      etag,
      size_bytes: Number(size_bytes),
    }));
  }

  async tails(uploadId: string): Promise<StoredTail[]> {
    const rows = await this.#database.client.upload_part.findMany({
      where: { upload_id: uploadId, kind: 'tail' },
      orderBy: { number: 'asc' },
    });
    return rows.map((row) => ({
      number: row.number,
      key: row.object_storage_key ?? '',
      size_bytes: Number(row.size_bytes),
    }));
  }
}

/** The row takes its new offset when the lease is still held. */
const fence = ({ upload_id, epoch, owner }: Lease, offset: number): Prisma.Sql => Prisma.sql`fenced AS (
        UPDATE upload_session SET "offset" = ${offset}, updated_at = now()
        WHERE upload_id = ${upload_id}::uuid AND lease_epoch = ${epoch}
          AND lease_owner = ${owner}::uuid AND phase = 'open'
        RETURNING upload_id)`;

const update = async (
  db: Pick<Transaction['db'], 'upload_session'>,
  lease: Lease,
  data: { s3_upload_id?: string; length?: number; phase?: UploadSession['phase'] },
): Promise<boolean> => {
  const { count } = await db.upload_session.updateMany({
    where: {
      upload_id: lease.upload_id,
      lease_epoch: lease.epoch,
      lease_owner: lease.owner,
      // Ended behind its writer's back: the media object was deleted.
      phase: { notIn: ['aborted', 'expired'] },
    },
    data,
  });
  return count === 1;
};
