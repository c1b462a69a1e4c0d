import type { DerivedQuality, Format, MediaKind } from '@claimcheck/contracts/media';
import { kindOf } from '@claimcheck/contracts/media-kind';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { Derivative, MediaRow } from '../record/media-row.ts';
import { isDeliverable } from '../record/scan-policy.ts';
import { failureOf, type Stage } from './stage-changes.ts';

/** One applied result: what its stage changes, and what its epoch has so far. */
export interface StageResult {
  stage: Stage;
  epoch: number;
  change: MediaChange;
  /** Derivatives that come with this result. */
  derivatives: readonly Derivative[];
  /** The epoch's final result is there, this one included. */
  isFinished: boolean;
}

type Kept = Pick<Derivative, 'quality' | 'format'>;
type Needed = { quality: DerivedQuality; format?: Format };

/** Derivatives that a kind must have to be `ready`; without them a success is `degraded`. */
const NEEDED: Record<MediaKind, readonly Needed[]> = {
  image: [{ quality: 'high' }, { quality: 'medium' }, { quality: 'low' }],
  video: [{ quality: 'thumbnail', format: 'jpg' }],
  audio: [],
  document: [],
  other: [],
};

/** A video plays as an mp4, or as HLS, or as both: the worker's configuration says which. */
const isPlayable = (kept: readonly Kept[]): boolean =>
  kept.some(({ quality, format }) => quality === 'original' || (quality === 'high' && format === 'm3u8'));

/** Tells whether members expect more of such a file than a download. */
const isPromising = (contentType: string): boolean =>
  ['image', 'video', 'audio'].includes(kindOf(contentType));

/** The state of an epoch whose final result and verdict are both there. */
const settledState = (
  settings: DomainConfig,
  row: MediaRow,
  change: MediaChange,
  kept: readonly Kept[],
): MediaChange => {
  if (!isDeliverable(settings, change.scan_state ?? row.scan_state)) return {};
  const failureCode = change.failure_code === undefined ? row.failure_code : change.failure_code;
  if (failureCode !== null && isPromising(change.content_type ?? row.content_type))
    return { state: 'degraded' };
  const kind = change.kind ?? row.kind;
  const has = (wanted: Needed) =>
    kept.some(({ quality, format }) => quality === wanted.quality && format === (wanted.format ?? format));
  const isComplete = NEEDED[kind].every(has) && (kind !== 'video' || isPlayable(kept));
  if (!isComplete) return { state: 'degraded', ...failureOf('processing_failed') };
  return { state: 'ready', failure_code: null, failure_message: null };
};

/**
 * A latecomer of the same epoch does not unsettle the row, nor show a failure that did not settle it; only
 * `degraded` may rise to `ready`. A video that was offered as it is says why it stays so.
 */
const withoutLateState = (row: MediaRow, change: MediaChange, endsOffer: boolean): MediaChange => {
  const isSettled = row.state !== 'processing' && !(row.state === 'degraded' && change.state === 'ready');
  if (!isSettled) return change;
  const { state: _state, failure_code, failure_message, ...rest } = change;
  const isShown = endsOffer && failure_code !== undefined && failure_message !== undefined;
  return isShown ? { ...rest, failure_code, failure_message } : rest;
};

/**
 * Merges one result into the row: the row settles when the epoch's final result and the verdict are both there,
 * in whichever order they come. Pure.
 */
export const mergeResult = (settings: DomainConfig, row: MediaRow, result: StageResult): MediaChange => {
  const { stage, epoch, derivatives, isFinished } = result;
  const kept = [...row.derivatives.filter((derivative) => derivative.epoch === epoch), ...derivatives];
  const settles = isFinished && result.change.state === undefined;
  const settled = settles ? settledState(settings, row, result.change, kept) : {};
  const endsOffer =
    row.state === 'degraded' && row.ready_by !== null && result.change.transcode_state === 'failed';
  const { kind, ...others } = result.change;
  // A failure said what members get; a preview that it overtook doesn't change that.
  const isOvertaken = isFinished && stage !== 'final' && row.failure_code !== null;
  const learned = isOvertaken || kind === undefined ? others : { ...others, kind };
  const change = withoutLateState(row, { ...learned, ...settled }, endsOffer);
  const isEnd = change.state !== undefined || endsOffer;
  const wantsTranscode =
    stage === 'scan' &&
    row.transcode_state === 'none' &&
    !isFinished &&
    change.state === undefined &&
    change.scan_state !== undefined &&
    change.kind === 'video';
  return {
    ...change,
    ...(isEnd ? { ready_by: null, settle_by: null } : {}),
    ...(wantsTranscode ? { transcode_state: 'pending' as const } : {}),
    applied_epoch: epoch,
    derivatives,
  };
};
