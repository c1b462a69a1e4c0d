import { TOMBSTONES } from '@claimcheck/contracts/media';
import { epochPrefix, parseKey, prefixOf } from '@claimcheck/contracts/object-keys';
import type { Database, Transaction } from '@claimcheck/database/database';
import type { MediaRow } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';

export interface PrefixSweep {
  prefix: string;
  due_at: Date;
}

/** Whoever ends a media object deletes its objects at once; this is for the case that it dies before. */
const FIRST_SWEEP_MS = 10_000;
const CLAIM_MS = 300_000;

/**
 * Everything of a tombstone, or of an upload whose row is deleted, goes: soon, and once more when nobody can be
 * writing there any more. Written in the transaction that makes it so.
 */
export const sweepWhole = async (
  tx: Transaction,
  settings: MediaSettings,
  uploadId: string,
): Promise<void> => {
  const prefix = prefixOf(uploadId);
  const now = Date.now();
  await tx.db.prefix_sweep.createMany({
    data: [FIRST_SWEEP_MS, settings.sweepAgainMs].map((ms) => ({ prefix, due_at: new Date(now + ms) })),
    skipDuplicates: true,
  });
};

/**
 * Older epochs go when a newer one is complete: it is `ready`, and has each quality that they have. Their
 * objects stay for as long as somebody may hold a URL, or write them late.
 */
export const sweepSuperseded = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
): Promise<void> => {
  if (row.state !== 'ready' || row.applied_epoch < 2) return;
  const { media_object_id, applied_epoch } = row;
  const older = row.derivatives.filter(({ epoch }) => epoch < applied_epoch);
  const current = new Set(
    row.derivatives.flatMap(({ epoch, quality }) => (epoch === applied_epoch ? [quality] : [])),
  );
  if (older.length === 0 || older.some(({ quality }) => !current.has(quality))) return;
  await tx.db.derivative.deleteMany({ where: { media_object_id, epoch: { lt: applied_epoch } } });
  const due_at = new Date(Date.now() + settings.sweepAgainMs);
  const epochs = Array.from({ length: applied_epoch - 1 }, (_, index) => index + 1);
  await tx.db.prefix_sweep.createMany({
    data: epochs.map((epoch) => ({ prefix: epochPrefix(media_object_id, epoch), due_at })),
    skipDuplicates: true,
  });
};

/** Claims sweeps that are due. Who claims must {@link closeSweep} each; what it can't is tried again later. */
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

/** The last look before anything is deleted: nothing that is shown lies below the prefix. */
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
