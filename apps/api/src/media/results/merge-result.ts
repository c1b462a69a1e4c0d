import type { DerivedQuality, Format, MediaKind } from '@claimcheck/contracts/media';
import { kindOf } from '@claimcheck/contracts/media-kind';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { type Derivative, formatsOf, type MediaRow } from '../record/media-row.ts';
import { isDeliverable } from '../record/scan-policy.ts';
import { failureOf, type Stage } from './stage-changes.ts';

/** One applied result: the changes of its stage, and the progress of its epoch. */
export interface StageResult {
  stage: Stage;
  epoch: number;
  change: MediaChange;
  /** Derivatives that come with this result. */
  derivatives: readonly Derivative[];
  /** The epoch's final result has arrived, this one included. */
  isFinished: boolean;
}

type Kept = Pick<Derivative, 'quality' | 'format'>;
type Needed = { quality: DerivedQuality; format?: Format };

/** Derivatives that a kind needs to be `ready`; without them a success is `degraded`. */
const NEEDED: Record<MediaKind, readonly Needed[]> = {
  image: [{ quality: 'high' }, { quality: 'medium' }, { quality: 'low' }],
  video: [{ quality: 'thumbnail', format: 'jpg' }],
  audio: [],
  document: [],
  other: [],
};

/** A video plays as mp4, as HLS, or as both, by the worker's configuration. */
const isPlayable = (kept: readonly Kept[]): boolean =>
  kept.some(({ quality, format }) => quality === 'original' || (quality === 'high' && format === 'm3u8'));

/** Returns whether members expect more of such a file than a download. */
const isPromising = (contentType: string): boolean =>
  ['image', 'video', 'audio'].includes(kindOf(contentType));

/** Returns the state of an epoch that has both a final result and a verdict. */
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
 * A late result of the same epoch neither unsettles the row nor shows a failure that did not settle it; only `degraded` may
 * rise to `ready`. A video offered as uploaded shows why it stays so.
 */
const withoutLateState = (row: MediaRow, change: MediaChange, endsOffer: boolean): MediaChange => {
  const isSettled = row.state !== 'processing' && !(row.state === 'degraded' && change.state === 'ready');
  if (!isSettled) return change;
  const { state: _state, failure_code, failure_message, ...rest } = change;
  const isShown = endsOffer && failure_code !== undefined && failure_message !== undefined;
  return isShown ? { ...rest, failure_code, failure_message } : rest;
};

/**
 * Merges one result into the row. The row settles when the epoch has both a final result and a verdict, in whichever order
 * they arrive. Pure.
 */
export const mergeResult = (settings: DomainConfig, row: MediaRow, result: StageResult): MediaChange => {
  const { stage, epoch, derivatives, isFinished } = result;
  const kept = [
    ...row.derivatives.filter((derivative) => derivative.epoch === epoch),
    ...derivatives,
  ].flatMap(formatsOf);
  const settles = isFinished && result.change.state === undefined;
  const settled = settles ? settledState(settings, row, result.change, kept) : {};
  const endsOffer =
    row.state === 'degraded' && row.ready_by !== null && result.change.transcode_state === 'failed';
  const { kind, ...others } = result.change;
  // A failure has decided what members get; a preview that arrives after it does not change that.
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
