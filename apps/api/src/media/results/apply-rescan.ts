import { SCAN_VERDICTS } from '@claimcheck/contracts/broker-events';
import { FAILURES } from '@claimcheck/contracts/errors';
import type { Transaction } from '@claimcheck/database/database';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import { recordVerdict, toSha256 } from '../lifecycle/verdicts.ts';
import { writeMedia } from '../lifecycle/write-media.ts';
import type { MediaRow } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import type { Result } from './result.ts';

/**
 * The hash in place of what was claimed, and what that makes of the claim: the next attempt has nothing left to
 * compare the bytes with.
 */
const verifyHash = (row: MediaRow, sha256: string): MediaChange => {
  const isOther = row.sha256 !== null && toSha256(row.sha256) !== sha256;
  const isFailed = (row.former_state ?? row.state) === 'failed';
  const mismatch = { failure_code: 'hash_mismatch', failure_message: FAILURES.hash_mismatch };
  return { sha256, is_sha256_verified: true, ...(isOther && isFailed ? mismatch : {}) };
};

/**
 * A new look at a stored source, which had settled. Infected comes as a virus event; anything else is kept
 * as a verdict, and what could not be scanned before is clean now if that is what was found.
 */
export const applyRescan = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
  result: Result,
): Promise<void> => {
  const code = SCAN_VERDICTS.find((candidate) => candidate === result.code);
  const sha256 = toSha256(result.sha256);
  if (!result.success || sha256 === undefined || code === undefined || code === 'skipped') return;
  await recordVerdict(tx, { sha256, scanner: result.scanner, code });
  const change: MediaChange = {};
  // What is in work is hashed there, and compared with what its uploader claimed.
  if (!row.is_sha256_verified && row.state !== 'processing') Object.assign(change, verifyHash(row, sha256));
  const wasNotScanned = row.scan_state === 'skipped' || row.scan_state === 'unscannable';
  if (code === 'clean' && wasNotScanned && row.state !== 'failed') change.scan_state = 'clean';
  if (Object.keys(change).length > 0) await writeMedia(tx, settings, row, change);
};
