import { TOMBSTONES } from '@claimcheck/contracts/media';
import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';
import { formatsOf, lockMedia, type MediaRow } from '../record/media-row.ts';
import type { MediaChange } from './plan-change.ts';
import { findKnownVirus } from './verdicts.ts';
import { writeMedia } from './write-media.ts';

/** `verdict`: the scanner's; `known_bytes`: uploaded again; `same_bytes`: stored earlier, blocked afterwards. */
export const BLOCK_REASONS = ['verdict', 'known_bytes', 'same_bytes'] as const;
export type BlockReason = (typeof BLOCK_REASONS)[number];

/** The tombstone of an infected media object: nothing of it is shown, not even a thumbnail. */
export const blockedBy = (virusName: string): MediaChange => ({
  state: 'blocked',
  former_state: null,
  scan_state: 'infected',
  virus_name: virusName,
  thumbnail_state: 'none',
  thumbhash: null,
  waveform: [],
  page_count: null,
  ready_by: null,
  settle_by: null,
  expires_at: null,
  derivatives: 'none',
});

/**
 * Makes an infected media object a tombstone, and notifies every conversation that refers to it.
 *
 * @returns the known keys. The caller deletes them after the commit, and everything else below the prefix. A sweep
 *   repeats that later, for files that a worker may still be writing.
 */
export const blockMedia = async (
  tx: Transaction,
  settings: DomainConfig,
  row: MediaRow,
  virusName: string,
): Promise<string[]> => {
  const keys = [
    row.object_storage_key,
    ...row.derivatives.flatMap(formatsOf).map((format) => format.object_storage_key),
  ];
  await writeMedia(tx, settings, row, blockedBy(virusName));
  return [...new Set(keys)];
};

/** Lists a page, by id, of other media objects in which a worker found the same bytes. */
export const listSameBytes = async (
  on: Pick<Database, 'query'>,
  sha256: string,
  limit: number,
): Promise<string[]> => {
  // Until a worker has computed the hash, it is only the client's claim.
  const rows = await on.query<{ media_object_id: string }>(Prisma.sql`
    SELECT media_object_id FROM media_object
    WHERE sha256 = ${sha256} AND is_sha256_verified AND state <> ALL(${[...TOMBSTONES]}::media_state[])
    ORDER BY media_object_id LIMIT ${limit}`);
  return rows.map(({ media_object_id }) => media_object_id);
};

/**
 * Blocks a media object whose bytes are known to be infected, unless that has changed since it was listed.
 *
 * @returns the keys to delete; undefined when nothing was blocked
 */
export const blockKnownBytes = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
): Promise<string[] | undefined> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row === undefined || row.sha256 === null || !row.is_sha256_verified || TOMBSTONES.includes(row.state))
    return undefined;
  const virusName = await findKnownVirus(tx, row.sha256);
  return virusName === undefined ? undefined : blockMedia(tx, settings, row, virusName);
};
