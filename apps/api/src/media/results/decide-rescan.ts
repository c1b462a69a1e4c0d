import type { MediaChange } from '../lifecycle/plan-change.ts';
import { toSha256, type Verdict } from '../lifecycle/verdicts.ts';
import type { MediaRow } from '../record/media-row.ts';
import type { Result } from './result.ts';
import { failureOf, verdictOf } from './stage-changes.ts';

/**
 * Replaces the claimed hash by the computed one, and records the outcome of the claim: the next attempt has nothing left to
 * compare the bytes with.
 */
const verifyHash = (row: MediaRow, sha256: string): MediaChange => {
  const isOther = row.sha256 !== null && toSha256(row.sha256) !== sha256;
  const isFailed = (row.former_state ?? row.state) === 'failed';
  return { sha256, is_sha256_verified: true, ...(isOther && isFailed ? failureOf('hash_mismatch') : {}) };
};

/**
 * Decides what a new scan of a settled source changes. An infection arrives as a virus event. Any other outcome is stored
 * as a verdict, and a clean one also clears a media object that could not be scanned before.
 *
 * @returns nothing to write when the worker gave no verdict, or did not hash the bytes
 */
export const decideRescan = (
  row: MediaRow,
  result: Result,
): { verdict?: Verdict | undefined; change?: MediaChange } => {
  const verdict = verdictOf(result);
  if (verdict === undefined) return {};
  // The worker that processes a media object hashes it, and compares that with the uploader's claim.
  const isUnverified = !row.is_sha256_verified && row.state !== 'processing';
  const wasNotScanned = row.scan_state === 'skipped' || row.scan_state === 'unscannable';
  const isClean = verdict.code === 'clean' && wasNotScanned && row.state !== 'failed';
  const change: MediaChange = {
    ...(isUnverified ? verifyHash(row, verdict.sha256) : {}),
    ...(isClean ? { scan_state: 'clean' as const } : {}),
  };
  return Object.keys(change).length === 0 ? { verdict } : { verdict, change };
};
