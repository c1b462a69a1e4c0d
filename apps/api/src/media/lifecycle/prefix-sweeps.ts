import { TOMBSTONES } from '@claimcheck/contracts/media';
import { epochPrefix, parseKey, prefixOf } from '@claimcheck/contracts/object-keys';
import type { Database, Transaction } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';

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
  await tx.db.prefix_sweep.createMany({ data: [...sweeps], skipDuplicates: true });
};

/** Claims due sweeps. The caller must {@link closeSweep} each; the others are retried later. */
export const claimSweeps = async (
  { client }: Pick<Database, 'client'>,
  now: Date,
  limit: number,
): Promise<PrefixSweep[]> => client.$queryRaw<PrefixSweep[]>`
  UPDATE prefix_sweep SET claimed_until = ${new Date(now.getTime() + CLAIM_MS)}::timestamptz
  WHERE (prefix, due_at) IN (
    SELECT prefix, due_at FROM prefix_sweep
    WHERE due_at < ${now}::timestamptz AND (claimed_until IS NULL OR claimed_until < ${now}::timestamptz)
    ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
  RETURNING prefix, due_at`;

/** Checks a last time, before anything is deleted, that nothing below the prefix is shown. */
export const isSweepable = async (
  { client }: Pick<Database, 'client'>,
  { prefix }: PrefixSweep,
): Promise<boolean> => {
  const { mediaObjectId, epoch } = parseKey(prefix) ?? {};
  if (mediaObjectId === undefined) return false;
  const row = await client.media_object.findUnique({ where: { media_object_id: mediaObjectId } });
  if (row === null || TOMBSTONES.includes(row.state) || row.upload_state === 'failed') return true;
  if (epoch === undefined) return false;
  const shown = await client.derivative.count({ where: { media_object_id: mediaObjectId, epoch } });
  return epoch < row.applied_epoch && shown === 0;
};

export const closeSweep = async (
  { client }: Pick<Database, 'client'>,
  { prefix, due_at }: PrefixSweep,
): Promise<void> => {
  await client.prefix_sweep.deleteMany({ where: { prefix, due_at } });
};
