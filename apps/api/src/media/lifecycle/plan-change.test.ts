import { MEDIA_STATES, type MediaState, TOMBSTONES } from '@claimcheck/contracts/media';
import { subjectsOf } from '@claimcheck/contracts/subjects';
import { describe, expect, test } from 'vitest';
import { derivative, ID, NOW, rowOf } from '../../../test/harness/media-rows.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { chainPlans, IllegalTransition, planChange } from './plan-change.ts';

const settings = {
  subjects: subjectsOf('test'),
  publicUrl: 'https://media.example',
  sweepAgainMs: 60_000,
} as DomainConfig;

const subjectsIn = (plan: ReturnType<typeof planChange>) => plan.messages.map(({ subject }) => subject);

/** The states that may follow each state, apart from itself. */
const FOLLOWERS: Record<MediaState, MediaState[]> = {
  pending: ['uploading', 'expired', 'blocked', 'deleted'],
  uploading: ['processing', 'failed', 'expired', 'blocked', 'deleted'],
  processing: ['ready', 'degraded', 'failed', 'blocked', 'deleted'],
  ready: ['expiring', 'blocked', 'deleted'],
  degraded: ['ready', 'processing', 'expiring', 'blocked', 'deleted'],
  failed: ['processing', 'expiring', 'blocked', 'deleted'],
  expiring: ['ready', 'degraded', 'failed', 'expired', 'blocked', 'deleted'],
  blocked: [],
  expired: [],
  deleted: [],
};

describe.each(MEDIA_STATES)('a media object that is %s', (from) => {
  test.each(MEDIA_STATES)('changes to %s, or the plan refuses', (to) => {
    const current = rowOf({ state: from });
    const plan = () => planChange(settings, current, { state: to }, NOW);
    if (from !== to && !FOLLOWERS[from].includes(to)) {
      expect(plan).toThrow(IllegalTransition);
      return;
    }
    const { row, columns, rev_before, messages, facts, usage, sweeps, media } = plan();
    expect(row).toEqual({ ...current, state: to, rev: 8, updated_at: NOW });
    expect(columns).toEqual({ state: to, rev: 8, updated_at: NOW });
    expect(rev_before).toBe(7);
    expect(media).toMatchObject({ media_object_id: ID, rev: 8, state: to });
    expect(messages).toEqual([{ subject: settings.subjects.mediaUpdated, payload: { media } }]);
    expect(facts[0]).toEqual({ fact: 'media_changed', media_object_id: ID, rev: 8 });
    const isTombstone = TOMBSTONES.includes(to);
    expect(usage).toEqual(isTombstone ? { bytes: 0, is_open: false } : undefined);
    expect(sweeps.map(({ prefix }) => prefix)).toEqual(isTombstone ? [`${ID}/`, `${ID}/`] : []);
    expect(current).toEqual(rowOf({ state: from }));
  });
});

test('a finished upload publishes its fact, requests a worker, and counts for its bytes', () => {
  const current = rowOf({ state: 'uploading', upload_state: 'uploading', epoch: 0, size_bytes: 0n });
  const change = { state: 'processing', upload_state: 'uploaded', epoch: 1, size_bytes: 5n } as const;
  const plan = planChange(settings, current, change, NOW);
  const { mediaUpdated, mediaUploaded, optimizeRequest } = settings.subjects;
  expect(subjectsIn(plan)).toEqual([mediaUpdated, mediaUploaded, optimizeRequest]);
  expect(plan.messages[2]?.payload).toMatchObject({ mediaId: ID, epoch: 1, sizeBytes: 5 });
  expect(plan.usage).toEqual({ bytes: 5, is_open: false });
});

test('an empty file requests no worker', () => {
  const current = rowOf({ state: 'uploading', upload_state: 'uploading', epoch: 0, size_bytes: 0n });
  const change = { state: 'processing', upload_state: 'uploaded', epoch: 1 } as const;
  const first = planChange(settings, current, change, NOW);
  const both = chainPlans(first, planChange(settings, first.row, { state: 'failed' }, NOW));
  const { mediaUpdated, mediaUploaded } = settings.subjects;
  expect(subjectsIn(both)).toEqual([mediaUpdated, mediaUploaded, mediaUpdated]);
  expect([both.rev_before, both.row.rev, both.columns.rev]).toEqual([7, 9, 9]);
  expect(both.facts).toEqual([{ fact: 'media_changed', media_object_id: ID, rev: 9 }]);
  expect(both.usage).toEqual({ bytes: 0, is_open: false });
});

test('a failed upload counts for nothing, and its prefix is swept twice', () => {
  const current = rowOf({ state: 'uploading', upload_state: 'uploading', epoch: 0 });
  const plan = planChange(settings, current, { state: 'failed', upload_state: 'failed' }, NOW);
  expect(plan.usage).toEqual({ bytes: 0, is_open: false });
  const swept = [10_000, 60_000].map((ms) => new Date(NOW.getTime() + ms));
  expect(plan.sweeps).toEqual(swept.map((due_at) => ({ prefix: `${ID}/`, due_at })));
});

test('a new epoch asks a worker again', () => {
  const current = rowOf({ state: 'failed' });
  const plan = planChange(settings, current, { state: 'processing', epoch: 2 }, NOW);
  expect(subjectsIn(plan)).toEqual([settings.subjects.mediaUpdated, settings.subjects.optimizeRequest]);
});

test('a transcode that becomes pending is requested once', () => {
  const pending = planChange(settings, rowOf({}), { transcode_state: 'pending' }, NOW);
  expect(subjectsIn(pending)).toEqual([settings.subjects.mediaUpdated, settings.subjects.transcodeRequest]);
  const again = planChange(settings, pending.row, { transcode_state: 'pending' }, NOW);
  expect(subjectsIn(again)).toEqual([settings.subjects.mediaUpdated]);
});

test('the first thumbnail and the first ready are facts', () => {
  const change = { state: 'ready', thumbnail_state: 'ready', applied_epoch: 1 } as const;
  const { facts } = planChange(settings, rowOf({}), change, NOW);
  const milestone = { fact: 'milestone', media_object_id: ID, epoch: 1, kind: 'image' };
  expect(facts.slice(1)).toEqual([
    { ...milestone, milestone: 'preview' },
    { ...milestone, milestone: 'ready' },
  ]);
});

test('a derivative replaces the one of its epoch and quality', () => {
  const current = rowOf({ derivatives: [derivative(1, 'high'), derivative(1, 'low')] });
  const added = [derivative(1, 'low', 9n), derivative(1, 'medium')];
  const { row, written, removed } = planChange(settings, current, { derivatives: added }, NOW);
  expect(row.derivatives).toEqual([derivative(1, 'high'), ...added]);
  expect([written, removed]).toEqual([added, undefined]);
});

test('a ready epoch with every quality of the earlier ones supersedes them', () => {
  const current = rowOf({ epoch: 3, derivatives: [derivative(1, 'high'), derivative(2, 'high')] });
  const change = { state: 'ready', applied_epoch: 3, derivatives: [derivative(3, 'high')] } as const;
  const plan = planChange(settings, current, change, NOW);
  expect(plan.row.derivatives).toEqual([derivative(3, 'high')]);
  expect(plan.removed).toEqual({ before_epoch: 3 });
  expect(plan.sweeps.map(({ prefix }) => prefix)).toEqual([`${ID}/e1/`, `${ID}/e2/`]);
});

test.each([
  ['is not ready', { state: 'degraded', applied_epoch: 2, derivatives: [derivative(2, 'high')] }],
  ['lacks a quality', { state: 'ready', applied_epoch: 2, derivatives: [derivative(2, 'low')] }],
] as const)('an epoch that %s supersedes nothing', (_, change) => {
  const current = rowOf({ epoch: 2, derivatives: [derivative(1, 'high')] });
  const plan = planChange(settings, current, change, NOW);
  expect([plan.removed, plan.sweeps]).toEqual([undefined, []]);
  expect(plan.row.derivatives).toHaveLength(2);
});

test('a change to none removes every derivative', () => {
  const current = rowOf({ derivatives: [derivative(1, 'high')] });
  const plan = planChange(settings, current, { state: 'blocked', derivatives: 'none' }, NOW);
  expect([plan.row.derivatives, plan.removed, plan.written]).toEqual([[], 'all', []]);
});
