import type { VirusEvent } from '@claimcheck/contracts/broker-events';
import { isTombstone } from '@claimcheck/contracts/media';
import type { Transaction } from '@claimcheck/database/database';
import { lockMedia } from './media-row.ts';
import type { MediaSettings } from './media-settings.ts';
import { writeMedia } from './write-media.ts';

/**
 * Blocks an infected media object and tells every conversation that refers to it. The caller deletes the
 * objects below its prefix after the commit, also when it was blocked before: a repetition finishes what
 * a crash left.
 */
export const applyVirus = async (
  tx: Transaction,
  settings: MediaSettings,
  event: VirusEvent,
): Promise<'applied' | 'missing' | 'tombstone'> => {
  const row = await lockMedia(tx, event.mediaId);
  if (row === undefined) return 'missing';
  if (isTombstone(row.state)) return 'tombstone';
  await tx.db.derivative.deleteMany({ where: { media_object_id: row.media_object_id } });
  await writeMedia(tx, settings, row, {
    state: 'blocked',
    scan_state: 'infected',
    virus_name: event.virusName,
    thumbnail_state: 'none',
    thumbhash: null,
    ready_by: null,
  });
  return 'applied';
};
