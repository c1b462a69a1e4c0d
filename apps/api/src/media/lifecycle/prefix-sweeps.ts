import { TOMBSTONES } from '@claimcheck/contracts/media';
import { epochPrefix, parseKey, prefixOf } from '@claimcheck/contracts/object-keys';
import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';
import { readMedia } from '../record/media-row.ts';

export interface PrefixSweep {
  prefix: string;
  due_at: Date;
}

/** The process that ends a media object deletes its objects at once. This sweep is for the case that it dies first. */
const FIRST_SWEEP_MS = 10_000;
const CLAIM_MS = 300_000;

/**
 * Plans sweeps of everything below an upload's prefix, for a tombstone or an upload whose row is deleted: one soon, and
 * one when no process can be writing there any longer.
 */
export const sweepsOfWhole = (settings: DomainConfig, uploadId: string, now: Date): PrefixSweep[] =>
  [FIRST_SWEEP_MS, settings.sweepAgainMs].map((ms) => ({
    prefix: prefixOf(uploadId),
    due_at: new Date(now.getTime() + ms),
  }));

/** Sweeps of epochs before this one. Their objects stay for as long as a client may hold a URL of theirs. */
export const sweepsOfEpochs = (
  settings: DomainConfig,
  mediaObjectId: string,
  beforeEpoch: number,
  now: Date,
): PrefixSweep[] =>
  Array.from({ length: beforeEpoch - 1 }, (_, index) => ({
    prefix: epochPrefix(mediaObjectId, index + 1),
    due_at: new Date(now.getTime() + settings.sweepAgainMs),
  }));

/** Plans sweeps in the transaction that makes them necessary. */
export const insertSweeps = async (tx: Transaction, sweeps: readonly PrefixSweep[]): Promise<void> => {
  await tx.query(Prisma.sql`
    INSERT INTO prefix_sweep (prefix, due_at)
    SELECT prefix, due_at FROM jsonb_to_recordset(${JSON.stringify(sweeps)}::jsonb) AS new (prefix text, due_at timestamptz)
    ON CONFLICT DO NOTHING`);
};

/** Claims due sweeps. The caller must {@link closeSweep} each; the others are retried later. */
export const claimSweeps = async (
  database: Pick<Database, 'query'>,
  now: Date,
  limit: number,
): Promise<PrefixSweep[]> =>
  database.query<PrefixSweep>(Prisma.sql`
  UPDATE prefix_sweep SET claimed_until = ${new Date(now.getTime() + CLAIM_MS)}::timestamptz
  WHERE (prefix, due_at) IN (
    SELECT prefix, due_at FROM prefix_sweep
    WHERE due_at < ${now}::timestamptz AND (claimed_until IS NULL OR claimed_until < ${now}::timestamptz)
    ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
  RETURNING prefix, due_at`);

/** Checks a last time, before anything is deleted, that nothing below the prefix is shown. */
export const isSweepable = async (
  database: Pick<Database, 'query'>,
  { prefix }: PrefixSweep,
): Promise<boolean> => {
  const { mediaObjectId, epoch } = parseKey(prefix) ?? {};
  if (mediaObjectId === undefined) return false;
  const row = await readMedia(database, mediaObjectId);
  if (row === undefined || TOMBSTONES.includes(row.state) || row.upload_state === 'failed') return true;
  if (epoch === undefined) return false;
  const isShown = row.derivatives.some((derivative) => derivative.epoch === epoch);
  return epoch < row.applied_epoch && !isShown;
};

export const closeSweep = async (
  database: Pick<Database, 'query'>,
  { prefix, due_at }: PrefixSweep,
): Promise<void> => {
  await database.query(Prisma.sql`
    DELETE FROM prefix_sweep WHERE prefix = ${prefix} AND due_at = ${due_at}::timestamptz`);
};
