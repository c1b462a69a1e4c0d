import { SCAN_VERDICTS } from '@claimcheck/contracts/broker-events';
import type { Transaction } from '@claimcheck/database/database';
import type { MediaRow } from './media-row.ts';
import type { MediaSettings } from './media-settings.ts';
import type { Result } from './result.ts';
import { recordVerdict, toSha256 } from './verdicts.ts';
import { type MediaChange, writeMedia } from './write-media.ts';

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
  if (row.sha256 === null) change.sha256 = sha256;
  const wasNotScanned = row.scan_state === 'skipped' || row.scan_state === 'unscannable';
  if (code === 'clean' && wasNotScanned && row.state !== 'failed') change.scan_state = 'clean';
  if (Object.keys(change).length > 0) await writeMedia(tx, settings, row, change);
};
