import { randomUUID } from 'node:crypto';
import { type Database, type Executor, Prisma } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { readAllowance } from '../quota/allowance.ts';
import { NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import type { UsageLimits } from '../record/usage-limits.ts';
import {
  type Acquired,
  commitProgress,
  findSession,
  isHeld,
  LEASE_IS_FREE,
  type Lease,
  listParts,
  listTails,
  type Progress,
  type SessionRow,
  type StoredPart,
  type StoredTail,
  toAcquired,
  type UploadSession,
} from './upload-session.ts';

const HEARTBEAT_EVERY_MS = 2_000;
/**
 * State of uploads in Postgres. Each write is fenced by the lease's token, so that a paused or disconnected process cannot
 * overwrite its successor's work.
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

  /** Marks this process as alive from now on, with one row for all of its leases. */
  async start(onError: (error: unknown) => void): Promise<void> {
    await this.#beat();
    this.#heartbeat = setInterval(() => void this.#beat().catch(onError), HEARTBEAT_EVERY_MS);
  }

  /** Releases all leases at once. */
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
   * Takes the lease if it is free, ours, or its holder is dead, and returns the session under the lease.
   *
   * @throws ProblemError `upload_gone` for an ended upload: no process may write it
   */
  async acquire(uploadId: string): Promise<Acquired | undefined> {
    const [row] = await this.#database.query<SessionRow>(Prisma.sql`
      UPDATE upload_session
      SET lease_owner = ${this.processId}::uuid, lease_epoch = lease_epoch + 1, updated_at = now()
      WHERE upload_id = ${uploadId}::uuid AND phase NOT IN ('aborted', 'expired')
        AND (lease_owner = ${this.processId}::uuid OR ${LEASE_IS_FREE})
      RETURNING *`);
    if (row !== undefined) return toAcquired(row, this.processId);
    const found = await this.find(uploadId);
    if (found?.phase === 'aborted' || found?.phase === 'expired') throw new ProblemError('upload_gone');
    return undefined;
  }

  /** Takes the lease of this user's unfinished upload, if free; one statement for the usual case. */
  async acquireOwn(uploadId: string, userId: string): Promise<Acquired | undefined> {
    const [row] = await this.#database.query<SessionRow>(Prisma.sql`
      UPDATE upload_session
      SET lease_owner = ${this.processId}::uuid, lease_epoch = lease_epoch + 1, updated_at = now()
      WHERE upload_id = ${uploadId}::uuid AND owner_user_id = ${userId} AND phase = 'open'
        AND protocol = 'tus' AND (lease_owner = ${this.processId}::uuid OR ${LEASE_IS_FREE})
      RETURNING *`);
    return row === undefined ? undefined : toAcquired(row, this.processId);
  }

  async release(lease: Lease): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE upload_session SET lease_owner = NULL
      WHERE upload_id = ${lease.upload_id}::uuid AND lease_epoch = ${lease.fencingToken}
        AND lease_owner = ${lease.owner}::uuid`);
  }

  /** Releases a lease that this process still holds for an upload without any request. */
  async disown(uploadId: string): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE upload_session SET lease_owner = NULL
      WHERE upload_id = ${uploadId}::uuid AND lease_owner = ${this.processId}::uuid`);
  }

  /** Returns the bytes left in the owner's quota; infinite without a quota. */
  async bytesLeft(ownerUserId: string): Promise<number> {
    const { limits, used } = await readAllowance(this.#database, this.#limits, ownerUserId);
    return Math.max(0, (limits.userQuotaBytes ?? Number.POSITIVE_INFINITY) - Number(used.bytes));
  }

  /**
   * Commits progress.
   *
   * @param isCharged the upload's length is not known: its stored bytes are charged, in the same statement
   * @returns false when the lease was lost: nothing was written
   * @throws ProblemError `quota_exceeded`: nothing was written
   */
  commit(lease: Lease, progress: Progress, isCharged = false): Promise<boolean> {
    return commitProgress(this.#database, lease, progress, isCharged ? this.#limits : undefined);
  }

  /** @returns false when the lease was lost */
  async setMultipart(lease: Lease, s3UploadId: string): Promise<boolean> {
    return update(this.#database, lease, Prisma.sql`s3_upload_id = ${s3UploadId}`);
  }

  /**
   * Sets the length that was deferred at the creation.
   *
   * @returns false when the lease was lost
   * @throws ProblemError `quota_exceeded`: nothing was written
   */
  async setLength(lease: Lease, length: number): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const written = await update(tx, lease, Prisma.sql`length = ${length}`);
      if (written) await setUsage(tx, [lease.upload_id], { bytes: length, is_open: true }, this.#limits);
      return written;
    });
  }

  /** Commits the intent to complete. @returns false when the lease was lost */
  async setCompleting(lease: Lease, { completing_at }: UploadSession): Promise<boolean> {
    const since = completing_at ?? new Date();
    return update(
      this.#database,
      lease,
      Prisma.sql`phase = 'completing', completing_at = ${since}::timestamptz`,
    );
  }

  /** @returns false when the lease was lost */
  async setPhase(lease: Lease, phase: 'aborted'): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const written = await update(tx, lease, Prisma.sql`phase = ${phase}::upload_phase`);
      if (written) await setUsage(tx, [lease.upload_id], NOTHING_USED);
      return written;
    });
  }

  /** Marks a partial upload as whole. */
  async finishPartial(uploadId: string, length: number): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const finished = await tx.query(Prisma.sql`
        UPDATE upload_session SET phase = 'complete', length = ${length}, "offset" = ${length}, lease_owner = NULL
        WHERE upload_id = ${uploadId}::uuid AND is_partial AND phase IN ('open', 'completing')
        RETURNING upload_id`);
      if (finished.length === 1) await setUsage(tx, [uploadId], { bytes: length, is_open: false });
    });
  }

  /** Ends partial uploads that now belong to another upload; the expirer removes their objects. */
  async endPartials(uploadIds: readonly string[]): Promise<void> {
    await this.#database.query(Prisma.sql`
      UPDATE upload_session SET phase = 'aborted', updated_at = now()
      WHERE upload_id = ANY(${[...uploadIds]}::uuid[]) AND is_partial AND phase = 'complete'`);
  }

  parts(uploadId: string): Promise<StoredPart[]> {
    return listParts(this.#database, uploadId);
  }

  tails(uploadId: string): Promise<StoredTail[]> {
    return listTails(this.#database, uploadId);
  }
}

const update = async (on: Pick<Executor, 'query'>, lease: Lease, columns: Prisma.Sql): Promise<boolean> => {
  // When the media object is deleted, an upload ends without its writer.
  const written = await on.query(Prisma.sql`
    UPDATE upload_session SET ${columns} WHERE ${isHeld(lease)} AND phase NOT IN ('aborted', 'expired')
    RETURNING upload_id`);
  return written.length === 1;
};
