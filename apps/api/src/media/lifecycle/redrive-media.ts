import type { MediaState } from '@claimcheck/contracts/media';
import type { Transaction } from '@claimcheck/database/database';
import { ProblemError } from '../../problem-error.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import { enqueue } from '../record/outbox.ts';
import { toRequest } from '../uploads/finalize-upload.ts';
import { type MediaChange, writeMedia } from './write-media.ts';

/**
 * Begins a new epoch: a new request under a new message id, which the broker's memory of the old one does
 * not swallow. What was applied stays shown until the new epoch brings something.
 */
export const beginEpoch = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
  change: MediaChange,
): Promise<MediaRow> => {
  const epoch = row.epoch + 1;
  const written = await writeMedia(tx, settings, row, { ...change, epoch, transcode_state: 'none' });
  await enqueue(tx, { subject: settings.subjects.optimizeRequest, payload: toRequest(written, settings) });
  return written;
};

const REDRIVABLE: readonly MediaState[] = ['failed', 'degraded'];

/**
 * The operator's redrive of what has settled badly. A verdict that lets members have the media stays until
 * there is a new one.
 *
 * @param givenUp the epoch of a request that was given up: what is still in it waits for nothing any more
 * @returns the media object, or the state that forbids it
 * @throws ProblemError `not_found`
 */
export const redriveMedia = async (
  tx: Transaction,
  settings: MediaSettings,
  mediaObjectId: string,
  givenUp?: number,
): Promise<{ media: MediaRow } | { refused: MediaState }> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row === undefined) throw new ProblemError('not_found', { media_object_id: mediaObjectId });
  const hasSource = row.upload_state === 'uploaded' && row.size_bytes > 0n;
  // Its claim was replaced by its hash: asked again, it would pass for what it never was.
  const isOther = row.failure_code === 'hash_mismatch' && row.is_sha256_verified;
  const isGivenUp = row.state === 'processing' && row.epoch === givenUp;
  if (!(REDRIVABLE.includes(row.state) || isGivenUp) || !hasSource || isOther) return { refused: row.state };
  const keepsVerdict = row.scan_state === 'clean' || settings.scanPolicy === 'off';
  const media = await beginEpoch(tx, settings, row, {
    state: 'processing',
    scan_state: keepsVerdict ? row.scan_state : 'pending',
    failure_code: null,
    failure_message: null,
    ready_by: new Date(Date.now() + settings.readyDeadlineMs),
    settle_by: null,
  });
  return { media };
};
