import { isTombstone } from '@claimcheck/contracts/media';
import type { ReceivedVirus } from '@claimcheck/contracts/received-events';
import type { Transaction } from '@claimcheck/database/database';
import { blockMedia } from '../lifecycle/block-media.ts';
import { recordVerdict, toSha256 } from '../lifecycle/verdicts.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';

interface AppliedVirus {
  outcome: 'applied' | 'missing' | 'tombstone';
  /** Keys to delete after the commit. */
  keys: string[];
  /** The hash of the infected bytes: every other media object with them must be blocked too. */
  sha256: string | undefined;
}

/**
 * Blocks an infected media object and stores the verdict. The caller deletes the objects after the commit, even if it was
 * already blocked: a repetition finishes what a crash interrupted.
 */
export const applyVirus = async (
  tx: Transaction,
  settings: DomainConfig,
  event: ReceivedVirus,
): Promise<AppliedVirus> => {
  const row = await lockMedia(tx, event.mediaId);
  const seen = row?.is_sha256_verified === true ? row.sha256 : undefined;
  const sha256 = toSha256(event.sha256) ?? toSha256(seen);
  const { scanner, virusName } = event;
  if (sha256 !== undefined)
    await recordVerdict(tx, { sha256, scanner, code: 'infected', virus_name: virusName });
  if (row === undefined) return { outcome: 'missing', keys: [], sha256 };
  if (isTombstone(row.state)) return { outcome: 'tombstone', keys: [], sha256 };
  return { outcome: 'applied', keys: await blockMedia(tx, settings, row, virusName), sha256 };
};
