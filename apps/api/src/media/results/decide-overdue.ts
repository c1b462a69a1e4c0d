import type { MediaChange } from '../lifecycle/plan-change.ts';
import { nextEpoch } from '../lifecycle/redrive-media.ts';
import type { Bookkeeping } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { isDeliverable } from '../record/scan-policy.ts';
import { failureOf } from './stage-changes.ts';

export const OVERDUE_OUTCOMES = [
  'extended',
  'redriven',
  'offered',
  'degraded',
  'failed',
  'given_up',
  'left',
] as const;
export type OverdueOutcome = (typeof OVERDUE_OUTCOMES)[number];

/** A media object past its deadline, read under its lock. */
export interface Overdue {
  row: MediaRow;
  /** Time of its latest request; undefined when the outbox has pruned it. */
  asked_at: Date | undefined;
  /** The request waits in the outbox or the queue, or is in work. */
  is_waiting: boolean;
  /** Another request was made since the queue was read. */
  is_asked_again: boolean;
  now: Date;
}

/** `change` goes through the lifecycle; `books` is bookkeeping, without a revision or a notification. */
export interface OverdueDecision {
  outcome: OverdueOutcome;
  change?: MediaChange;
  books?: Bookkeeping;
}

/** Ends the wait: the media object is delivered if the scan policy allows it, otherwise it has failed. */
const giveUp = (settings: DomainConfig, row: MediaRow): OverdueDecision => {
  const isWaiting = row.transcode_state === 'pending' || row.transcode_state === 'running';
  const transcode_state = isWaiting ? 'failed' : row.transcode_state;
  const end: MediaChange = { transcode_state, ready_by: null, settle_by: null };
  if (row.state === 'degraded')
    return { outcome: 'given_up', change: { ...end, ...failureOf('not_in_time') } };
  const state = isDeliverable(settings, row.scan_state) ? 'degraded' : 'failed';
  const reason = failureOf(state === 'failed' ? 'no_verdict' : 'not_in_time');
  return { outcome: state, change: { ...end, state, ...reason } };
};

/** Poster and source are available, so members need not wait for the heavy lane. */
const isOfferable = (settings: DomainConfig, row: MediaRow): boolean =>
  row.state === 'processing' &&
  (row.transcode_state === 'pending' || row.transcode_state === 'running') &&
  row.thumbnail_state === 'ready' &&
  isDeliverable(settings, row.scan_state);

/**
 * Decides about one media object past its deadline. It is extended while its request still waits, else processed again as
 * a new epoch, and finally settled. A video whose transcode waits is offered as uploaded, and keeps a deadline. Pure.
 */
export const decideOverdue = (settings: DomainConfig, overdue: Overdue): OverdueDecision => {
  const { row, asked_at, is_waiting, is_asked_again, now } = overdue;
  if (row.state !== 'processing' && row.state !== 'degraded') return { outcome: 'left' };
  const next = new Date(now.getTime() + settings.readyDeadlineMs);
  // After its own downtime, the sweeper gives everything one more deadline.
  const latest = Math.max((asked_at ?? now).getTime() + settings.readyDeadlineMaxMs, next.getTime());
  const settle_by = row.settle_by ?? new Date(latest);
  if (settle_by <= now) return giveUp(settings, row);
  const deadlines = { ready_by: next < settle_by ? next : settle_by, settle_by };
  if (is_waiting)
    return isOfferable(settings, row)
      ? { outcome: 'offered', change: { ...deadlines, state: 'degraded' } }
      : { outcome: 'extended', books: deadlines };
  // A result applied since the queue was read may have requested the next step.
  if (is_asked_again) return { outcome: 'left' };
  // Its worker has failed for good, and another attempt would too: only the verdict was missing.
  const hasFailed = row.state === 'processing' && row.failure_code !== null;
  if (hasFailed || row.epoch >= settings.maxAttempts) return giveUp(settings, row);
  return { outcome: 'redriven', change: { ...deadlines, ...nextEpoch(row) } };
};
