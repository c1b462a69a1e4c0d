import type { MediaState } from '@claimcheck/contracts/media';
import type { Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import type { MediaChange } from './plan-change.ts';
import { writeMedia } from './write-media.ts';

/**
 * Starts a new epoch: a new request with a new message id, which the broker does not take for a duplicate of the old one.
 * Applied results stay visible until the new epoch has results.
 */
export const nextEpoch = ({ epoch }: Pick<MediaRow, 'epoch'>): MediaChange => ({
  epoch: epoch + 1,
  transcode_state: 'none',
});

const REDRIVABLE: readonly MediaState[] = ['failed', 'degraded'];

/**
 * Redrives a media object that has failed or degraded, for an operator. A verdict that lets members have the media stays
 * until there is a new one.
 *
 * @param givenUp the epoch of an abandoned request, which no longer blocks a redrive
 * @returns the media object, or the state that forbids it
 * @throws ProblemError `not_found`
 */
export const redriveMedia = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
  givenUp?: number,
): Promise<{ media: MediaRow } | { refused: MediaState }> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row === undefined) throw new ProblemError('not_found', { media_object_id: mediaObjectId });
  const hasSource = row.upload_state === 'uploaded' && row.size_bytes > 0n;
  // The computed hash replaced the uploader's claim: processed again, the file would pass for what it never was.
  const isOther = row.failure_code === 'hash_mismatch' && row.is_sha256_verified;
  const isGivenUp = row.state === 'processing' && row.epoch === givenUp;
  if (!(REDRIVABLE.includes(row.state) || isGivenUp) || !hasSource || isOther) return { refused: row.state };
  const keepsVerdict = row.scan_state === 'clean' || settings.scanPolicy === 'off';
  const media = await writeMedia(tx, settings, row, {
    ...nextEpoch(row),
    state: 'processing',
    scan_state: keepsVerdict ? row.scan_state : 'pending',
    failure_code: null,
    failure_message: null,
    ready_by: new Date(Date.now() + settings.readyDeadlineMs),
    settle_by: null,
  });
  return { media };
};
