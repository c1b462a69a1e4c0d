import { SCAN_VERDICTS } from '@claimcheck/contracts/broker-events';
import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';
import { type DerivedQuality, isTombstone, type MediaKind } from '@claimcheck/contracts/media';
import type { Transaction } from '@claimcheck/database/database';
import { blockMedia } from '../lifecycle/block-media.ts';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import { findKnownVirus, recordVerdict, toSha256 } from '../lifecycle/verdicts.ts';
import { writeMedia } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import { kindOf } from '../record/media-kind.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import { isDeliverable } from '../record/scan-policy.ts';
import { applyRescan } from './apply-rescan.ts';
import { toDerivatives } from './derivatives.ts';
import type { Result } from './result.ts';

export type ApplyOutcome =
  | 'applied'
  | 'duplicate'
  | 'missing'
  | 'tombstone'
  | 'stale_epoch'
  | 'unknown_epoch'
  | 'unknown_stage'
  | 'progress'
  /** It failed for a cause that may go away: its deadline stands, and the sweeper drives it again. */
  | 'retried_later'
  | 'rescanned'
  /** These bytes were found infected before: blocked, and the caller deletes the objects after the commit. */
  | 'known_infected';

type Kept = Pick<MediaRow['derivatives'][number], 'quality' | 'format'>;

/** What a kind must have to be `ready`; without it a success is `degraded`. */
const NEEDED: Record<MediaKind, readonly DerivedQuality[]> = {
  image: ['high', 'medium', 'low', 'thumbnail'],
  video: ['thumbnail'],
  audio: [],
  document: [],
  other: [],
};

/** A video plays as an mp4, or as HLS, or as both: which, the worker's configuration says. */
const isPlayable = (kept: readonly Kept[]): boolean =>
  kept.some(({ quality, format }) => quality === 'original' || (quality === 'high' && format === 'm3u8'));

/** What was learned about the content; a result without a field leaves the column as it is. */
const learned = (result: Result): MediaChange => {
  const change: MediaChange = {};
  if (result.width !== undefined) change.width = result.width;
  if (result.height !== undefined) change.height = result.height;
  if (result.durationMs !== undefined) change.duration_ms = result.durationMs;
  if (result.thumbhash !== undefined) change.thumbhash = result.thumbhash;
  const sha256 = toSha256(result.sha256);
  if (sha256 !== undefined) Object.assign(change, { sha256, is_sha256_verified: true });
  if (result.contentType !== undefined) {
    change.content_type = result.contentType;
    change.kind = kindOf(result.contentType);
  }
  return change;
};

const failure = (result: Result): MediaChange => {
  const code: FailureCode =
    result.code !== undefined && result.code in FAILURES ? (result.code as FailureCode) : 'processing_failed';
  return { failure_code: code, failure_message: FAILURES[code] };
};

const previewChange = (result: Result): MediaChange =>
  result.success ? { ...learned(result), thumbnail_state: 'ready' } : { thumbnail_state: 'failed' };

const refusesUnscannable = (settings: MediaSettings, result: Result): boolean =>
  settings.scanUnscannable === 'block' ||
  (settings.scanUnscannable === 'deliver-large' && result.error !== 'too_large');

const scanChange = (settings: MediaSettings, result: Result): MediaChange => {
  const verdict = SCAN_VERDICTS.find((candidate) => candidate === result.code);
  // Anything but a known verdict is never read as clean: the state stays pending, and the deadline decides.
  if (!result.success || verdict === undefined) return {};
  if (verdict === 'unscannable' && refusesUnscannable(settings, result))
    return {
      ...learned(result),
      scan_state: verdict,
      state: 'failed',
      failure_code: 'no_verdict',
      failure_message: FAILURES.no_verdict,
    };
  return { ...learned(result), scan_state: verdict };
};

const finalChange = (row: MediaRow, result: Result): MediaChange => {
  if (result.success) {
    const change = learned(result);
    const kind = (change.kind as MediaKind | undefined) ?? kindOf(row.content_type);
    return { ...change, kind, transcode_state: kind === 'video' ? 'ready' : row.transcode_state };
  }
  // The transcode alone failed: the source is there and was let through.
  if (row.transcode_state === 'pending' || row.transcode_state === 'running')
    return { ...failure(result), state: 'degraded', transcode_state: 'failed' };
  return { ...failure(result), state: 'failed' };
};

const settledState = (
  settings: MediaSettings,
  row: MediaRow,
  change: MediaChange,
  kept: readonly Kept[],
): MediaChange => {
  const scanState = (change.scan_state as MediaRow['scan_state'] | undefined) ?? row.scan_state;
  if (!isDeliverable(settings, scanState)) return {};
  const kind = (change.kind as MediaKind | undefined) ?? row.kind;
  const has = (wanted: DerivedQuality) => kept.some(({ quality }) => quality === wanted);
  const complete = NEEDED[kind].every(has) && (kind !== 'video' || isPlayable(kept));
  return complete
    ? { state: 'ready', failure_code: null, failure_message: null }
    : { state: 'degraded', failure_code: 'processing_failed', failure_message: FAILURES.processing_failed };
};

/** The same bytes again need no second look: nothing of them is shown, not even a thumbnail. */
const blockKnown = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
  result: Result,
): Promise<boolean> => {
  const sha256 = toSha256(result.sha256);
  const virusName = sha256 === undefined ? undefined : await findKnownVirus(tx.db, sha256);
  if (virusName === undefined) return false;
  await blockMedia(tx, settings, row, virusName);
  return true;
};

const keepVerdict = async (tx: Transaction, result: Result): Promise<void> => {
  const sha256 = toSha256(result.sha256);
  const code = SCAN_VERDICTS.find((candidate) => candidate === result.code);
  if (!result.success || sha256 === undefined || code === undefined || code === 'skipped') return;
  await recordVerdict(tx, { sha256, scanner: result.scanner, code });
};

/** With a deadline ahead, after which somebody looks at it, and attempts left. */
const mayBeRetried = (settings: MediaSettings, row: MediaRow, result: Result): boolean =>
  !result.success &&
  result.retryable === true &&
  row.ready_by !== null &&
  row.epoch < settings.maxAttempts &&
  (row.state === 'processing' || row.transcode_state === 'pending' || row.transcode_state === 'running');

const STAGES = ['preview', 'scan', 'final'] as const;

/**
 * Applies what a worker found out, once: a repetition of the same stage of the same epoch changes nothing.
 * No order is relied on; the row settles when the epoch's final result and the verdict are both there.
 */
export const applyResult = async (
  tx: Transaction,
  settings: MediaSettings,
  result: Result,
): Promise<ApplyOutcome> => {
  const row = await lockMedia(tx, result.mediaId);
  if (row === undefined) return 'missing';
  if (isTombstone(row.state)) return 'tombstone';
  if (result.stage === 'rescan') {
    await applyRescan(tx, settings, row, result);
    return 'rescanned';
  }
  const epoch = result.epoch ?? row.epoch;
  if (epoch < row.applied_epoch) return 'stale_epoch';
  if (epoch > row.epoch) return 'unknown_epoch';
  // A newer attempt is on its way: that this one failed must not settle what the newer one may bring.
  if (epoch < row.epoch && !result.success) return 'stale_epoch';
  if (result.stage === 'progress') return reportProgress(tx, settings, row, result);
  const stage = STAGES.find((known) => known === (result.stage ?? 'final'));
  if (stage === undefined) return 'unknown_stage';
  if (await blockKnown(tx, settings, row, result)) return 'known_infected';
  if (stage === 'final' && mayBeRetried(settings, row, result)) return 'retried_later';

  const id = { media_object_id: row.media_object_id, epoch };
  const { count } = await tx.db.applied_result.createMany({ data: { ...id, stage }, skipDuplicates: true });
  if (count === 0) return 'duplicate';

  const stored = result.success ? toDerivatives(row, epoch, result.processed, new Date()) : [];
  const change: MediaChange = { applied_epoch: epoch, derivatives: stored };
  if (stage === 'preview') Object.assign(change, previewChange(result));
  if (stage === 'scan') {
    await keepVerdict(tx, result);
    Object.assign(change, scanChange(settings, result));
  }
  if (stage === 'final') Object.assign(change, finalChange(row, result));
  if (stored.some(({ quality }) => quality === 'thumbnail')) change.thumbnail_state = 'ready';

  await settle(tx, settings, row, epoch, stage, result, change, stored);
  return 'applied';
};

const hasFinalSuccess = async (tx: Transaction, row: MediaRow, epoch: number): Promise<boolean> => {
  const final = await tx.db.applied_result.findUnique({
    where: { media_object_id_epoch_stage: { media_object_id: row.media_object_id, epoch, stage: 'final' } },
  });
  return final !== null && row.failure_code === null;
};

const settle = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
  epoch: number,
  stage: (typeof STAGES)[number],
  result: Result,
  change: MediaChange,
  stored: readonly Kept[],
): Promise<void> => {
  const finished = stage === 'final' ? result.success : await hasFinalSuccess(tx, row, epoch);
  if (finished && change.state === undefined) {
    const here = row.derivatives.filter((derivative) => derivative.epoch === epoch);
    Object.assign(change, settledState(settings, row, change, [...here, ...stored]));
  }
  // What has settled is not unsettled by a latecomer of the same epoch; only degraded may rise to ready.
  // A video that was offered as it is meanwhile says why it stays so.
  const endsOffer = row.state === 'degraded' && row.ready_by !== null && change.transcode_state === 'failed';
  const settledAlready =
    row.state !== 'processing' && !(row.state === 'degraded' && change.state === 'ready');
  if (settledAlready) {
    delete change.state;
    // Nor does it show a failure that did not settle it.
    if (!endsOffer) {
      delete change.failure_code;
      delete change.failure_message;
    }
  }
  if (change.state !== undefined || endsOffer) Object.assign(change, { ready_by: null, settle_by: null });

  const wantsTranscode =
    stage === 'scan' &&
    row.transcode_state === 'none' &&
    !finished &&
    change.state === undefined &&
    change.scan_state !== undefined &&
    change.kind === 'video';
  if (wantsTranscode) change.transcode_state = 'pending';
  await writeMedia(tx, settings, row, change);
};

/** That it runs is a change like any other; how far it is changes too often for a revision each. */
const keepProgress = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
  progress: number,
): Promise<void> => {
  if (row.transcode_state === 'pending')
    await writeMedia(tx, settings, row, { transcode_state: 'running', progress });
  if (row.transcode_state === 'running') await keepBooks(tx, row.media_object_id, { progress });
};

const reportProgress = async (
  tx: Transaction,
  settings: MediaSettings,
  row: MediaRow,
  result: Result,
): Promise<ApplyOutcome> => {
  // A former attempt says nothing about the one that members wait for.
  if ((result.epoch ?? row.epoch) !== row.epoch) return 'stale_epoch';
  const percent = result.percent ?? 0;
  await keepProgress(tx, settings, row, percent);
  const references = await tx.db.media_reference.findMany({
    where: { media_object_id: row.media_object_id },
    distinct: ['conversation_id'],
    select: { conversation_id: true },
  });
  tx.facts.push({
    fact: 'media_progress',
    conversation_ids: references.map((reference) => reference.conversation_id),
    media_object_id: row.media_object_id,
    percent,
  });
  return 'progress';
};
