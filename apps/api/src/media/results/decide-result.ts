import { isTombstone } from '@claimcheck/contracts/media';
import { blockedBy } from '../lifecycle/block-media.ts';
import { type MediaChange, type MediaPlan, planChange } from '../lifecycle/plan-change.ts';
import type { Verdict } from '../lifecycle/verdicts.ts';
import type { Bookkeeping } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { decideRescan } from './decide-rescan.ts';
import { standInThumbnail, toDerivatives } from './derivatives.ts';
import { mergeResult } from './merge-result.ts';
import type { Result } from './result.ts';
import { STAGES, type Stage, stageChange, verdictOf } from './stage-changes.ts';

export type ResultOutcome =
  | 'applied'
  | 'duplicate'
  | 'tombstone'
  | 'stale_epoch'
  | 'unknown_epoch'
  | 'unknown_stage'
  | 'progress'
  /** It failed for a temporary cause: its deadline stands, and the sweeper processes it again. */
  | 'retried_later'
  | 'rescanned'
  /** These bytes were found infected before: blocked. The caller deletes the objects after the commit. */
  | 'known_infected';

/** Everything that a decision reads, under the media object's lock. */
export interface ResultState {
  row: MediaRow;
  /** Stages of the result's epoch that were applied before. */
  applied_stages: readonly string[];
  /** The virus that the latest verdict found in the bytes that this result hashed. */
  known_virus: string | undefined;
}

/** Everything that one result writes, as data. */
export interface ResultPlan {
  outcome: ResultOutcome;
  /** Marks the result as applied: a repetition changes nothing. */
  applied?: { epoch: number; stages: readonly Stage[] };
  verdict?: Verdict | undefined;
  media?: MediaPlan;
  books?: Bookkeeping;
  /** Percent, announced to the conversations that refer to the media object; never logged. */
  progress?: number;
}

/** Returns whether it has attempts left and a deadline ahead, at which the sweeper checks it. */
const mayBeRetried = (settings: DomainConfig, row: MediaRow, result: Result): boolean =>
  !result.success &&
  result.retryable === true &&
  row.ready_by !== null &&
  row.epoch < settings.maxAttempts &&
  (row.state === 'processing' || row.transcode_state === 'pending' || row.transcode_state === 'running');

type Plan = (change: MediaChange) => MediaPlan;

/** The start of a transcode is a change like any other; its percentage changes too often for a revision each. */
const decideProgress = (row: MediaRow, result: Result, plan: Plan): ResultPlan => {
  // An earlier attempt says nothing about the one for which members wait.
  if ((result.epoch ?? row.epoch) !== row.epoch) return { outcome: 'stale_epoch' };
  const progress = result.percent ?? 0;
  const decision: ResultPlan = { outcome: 'progress', progress };
  if (row.transcode_state === 'pending')
    return { ...decision, media: plan({ transcode_state: 'running', progress }) };
  return row.transcode_state === 'running' ? { ...decision, books: { progress } } : decision;
};

/** Returns why a result's epoch prevents its application; undefined if it does not. */
const epochRefusal = (row: MediaRow, epoch: number, result: Result): ResultOutcome | undefined => {
  if (epoch < row.applied_epoch) return 'stale_epoch';
  if (epoch > row.epoch) return 'unknown_epoch';
  // A newer attempt is running: the failure of this one must not settle the media object.
  return epoch < row.epoch && !result.success ? 'stale_epoch' : undefined;
};

/** Returns the scan response inside a final one. */
const scanWithin = ({ scan, processed: _, ...result }: Result): Result | undefined =>
  scan === undefined
    ? undefined
    : { ...result, stage: 'scan', success: true, processed: [], code: scan.code, error: scan.error };

interface Part {
  stage: Stage;
  result: Result;
}

const decideStage = (
  settings: DomainConfig,
  { row, applied_stages }: Pick<ResultState, 'row' | 'applied_stages'>,
  { stage, result }: Part,
  { epoch, now }: { epoch: number; now: Date },
): MediaChange => {
  const made = toDerivatives(row, epoch, result.processed, now);
  const derivatives = [...made, ...standInThumbnail(row, epoch, made)];
  const hasThumbnail = derivatives.some(({ quality }) => quality === 'thumbnail');
  const change = {
    ...stageChange(settings, row, stage, result),
    ...(hasThumbnail ? { thumbnail_state: 'ready' as const } : {}),
  };
  const isFinished = stage === 'final' || applied_stages.includes('final');
  return mergeResult(settings, row, { stage, epoch, change, derivatives, isFinished });
};

/** Joins all changes of one result: each decision starts from the row that the previous one left. */
const decideParts = (
  settings: DomainConfig,
  { row, applied_stages }: ResultState,
  parts: readonly Part[],
  at: { epoch: number; now: Date },
): MediaChange =>
  parts.reduce<MediaChange>((before, part, index) => {
    const { derivatives: _, ...columns } = before;
    const earlier = parts.slice(0, index).map(({ stage }) => stage);
    const state = { row: { ...row, ...columns }, applied_stages: [...applied_stages, ...earlier] };
    return Object.assign(before, decideStage(settings, state, part, at));
  }, {});

/**
 * Decides what a worker's result changes, once: a repetition of the same stage of the same epoch changes nothing. It relies
 * on no order. Pure; {@link applyResult} reads and writes.
 */
export const decideResult = (
  settings: DomainConfig,
  state: ResultState,
  result: Result,
  now: Date,
): ResultPlan => {
  const { row, applied_stages, known_virus } = state;
  const plan: Plan = (change) => planChange(settings, row, change, now);
  if (isTombstone(row.state)) return { outcome: 'tombstone' };
  if (result.stage === 'rescan') {
    const { verdict, change } = decideRescan(row, result);
    return { outcome: 'rescanned', verdict, ...(change === undefined ? {} : { media: plan(change) }) };
  }
  const epoch = result.epoch ?? row.epoch;
  const refusal = epochRefusal(row, epoch, result);
  if (refusal !== undefined) return { outcome: refusal };
  if (result.stage === 'progress') return decideProgress(row, result, plan);
  const stage = STAGES.find((known) => known === (result.stage ?? 'final'));
  if (stage === undefined) return { outcome: 'unknown_stage' };
  // The same bytes need no second scan: nothing of them is shown, not even a thumbnail.
  if (known_virus !== undefined) return { outcome: 'known_infected', media: plan(blockedBy(known_virus)) };
  if (stage === 'final' && mayBeRetried(settings, row, result)) return { outcome: 'retried_later' };
  const scan = stage === 'final' ? scanWithin(result) : undefined;
  const parts: Part[] = [
    ...(scan === undefined ? [] : [{ stage: 'scan', result: scan } as const]),
    { stage, result },
  ];
  const fresh = parts.filter((part) => !applied_stages.includes(part.stage));
  if (fresh.length === 0) return { outcome: 'duplicate' };
  const judged = fresh.find((part) => part.stage === 'scan');
  return {
    outcome: 'applied',
    applied: { epoch, stages: fresh.map((part) => part.stage) },
    verdict: judged === undefined ? undefined : verdictOf(judged.result),
    media: plan(decideParts(settings, state, fresh, { epoch, now })),
  };
};
