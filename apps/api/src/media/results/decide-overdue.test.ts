import { MEDIA_STATES } from '@claimcheck/contracts/media';
import { describe, expect, test } from 'vitest';
import { NOW, rowOf } from '../../../test/harness/media-rows.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaRow } from '../record/media-row.ts';
import { decideOverdue, type Overdue, type OverdueOutcome } from './decide-overdue.ts';

const MINUTE = 60_000;
const settings = {
  scanPolicy: 'gate',
  readyDeadlineMs: 2 * MINUTE,
  readyDeadlineMaxMs: 60 * MINUTE,
  maxAttempts: 5,
} as DomainConfig;

const at = (minutes: number): Date => new Date(NOW.getTime() + minutes * MINUTE);

const decide = (row: Partial<MediaRow>, more: Partial<Overdue> = {}) =>
  decideOverdue(settings, {
    row: rowOf({ ready_by: at(-1), ...row }),
    asked_at: at(-3),
    is_waiting: false,
    is_asked_again: false,
    now: NOW,
    ...more,
  });

test.each(MEDIA_STATES.filter((state) => state !== 'processing' && state !== 'degraded'))(
  'a media object that is %s is left alone',
  (state) => {
    expect(decide({ state })).toEqual({ outcome: 'left' });
  },
);

const video = {
  kind: 'video',
  transcode_state: 'running',
  thumbnail_state: 'ready',
  scan_state: 'clean',
} as const;

test.each([
  ['its request waits', {}, { is_waiting: true }, 'extended'],
  ['its request is gone', {}, {}, 'redriven'],
  ['another request was made', {}, { is_asked_again: true }, 'left'],
  ['its epochs are used up, without a verdict', { epoch: 5 }, {}, 'failed'],
  ['its epochs are used up, with a verdict', { epoch: 5, scan_state: 'clean' }, {}, 'degraded'],
  ['its last deadline is over, without a verdict', { settle_by: NOW }, { is_waiting: true }, 'failed'],
  ['its last deadline is over, with a verdict', { settle_by: NOW, scan_state: 'clean' }, {}, 'degraded'],
  [
    'it was offered, and its last deadline is over',
    { ...video, state: 'degraded', settle_by: NOW },
    {},
    'given_up',
  ],
  ['it is a video whose transcode waits', video, { is_waiting: true }, 'offered'],
  ['it is a video without a poster', { ...video, thumbnail_state: 'none' }, { is_waiting: true }, 'extended'],
  ['it is a video without a verdict', { ...video, scan_state: 'pending' }, { is_waiting: true }, 'extended'],
  [
    'it was offered, and its transcode waits',
    { ...video, state: 'degraded' },
    { is_waiting: true },
    'extended',
  ],
  ['it is a video whose transcode is lost', video, {}, 'redriven'],
] as [string, Partial<MediaRow>, Partial<Overdue>, OverdueOutcome][])(
  'when %s: %4$s',
  (_, row, more, outcome) => {
    expect(decide(row, more).outcome).toBe(outcome);
  },
);

describe('deadlines', () => {
  test('an extension ends at the last deadline, counted from the request', () => {
    expect(decide({}, { is_waiting: true }).books).toEqual({ ready_by: at(2), settle_by: at(57) });
    const late = { is_waiting: true, asked_at: at(-59) };
    expect(decide({}, late).books).toEqual({ ready_by: at(2), settle_by: at(2) });
    expect(decide({ settle_by: at(1) }, late).books).toEqual({ ready_by: at(1), settle_by: at(1) });
  });

  test('a sweeper that was away itself gives one more deadline', () => {
    expect(decide({}, { is_waiting: true, asked_at: at(-600) }).outcome).toBe('extended');
    expect(decide({}, { is_waiting: true, asked_at: undefined }).books?.settle_by).toEqual(at(60));
  });

  test('a new epoch starts without a transcode', () => {
    expect(decide({ epoch: 2 }).change).toEqual({
      ready_by: at(2),
      settle_by: at(57),
      epoch: 3,
      transcode_state: 'none',
    });
  });

  test('the end has no deadline, and says why', () => {
    expect(decide({ settle_by: NOW, transcode_state: 'pending' }).change).toMatchObject({
      state: 'failed',
      transcode_state: 'failed',
      failure_code: 'no_verdict',
      ready_by: null,
      settle_by: null,
    });
  });
});
