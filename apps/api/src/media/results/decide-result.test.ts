import { type MediaState, TOMBSTONES } from '@claimcheck/contracts/media';
import { subjectsOf } from '@claimcheck/contracts/subjects';
import { describe, expect, test } from 'vitest';
import { derivative, ID, NOW, rowOf } from '../../../test/harness/media-rows.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { formatsOf, type MediaRow } from '../record/media-row.ts';
import { decideResult, type ResultPlan, type ResultState } from './decide-result.ts';
import type { Result } from './result.ts';

const settings = {
  subjects: subjectsOf('test'),
  publicUrl: 'https://media.example',
  scanPolicy: 'gate',
  scanUnscannable: 'deliver-large',
  maxAttempts: 5,
  sweepAgainMs: 60_000,
} as DomainConfig;

const SHA256 = 'a'.repeat(64);
const result = (stage: string, more: Partial<Result> = {}): Result => ({
  mediaId: ID,
  originalUrl: 'https://media.example/x',
  success: true,
  stage,
  epoch: 1,
  processed: [],
  ...more,
});
const failed = (stage: string, more: Partial<Result> = {}) =>
  result(stage, { success: false, code: 'processing_failed', ...more });
const made = (...qualities: string[]): Pick<Result, 'processed'> => ({
  processed: qualities.map((quality) => ({ quality, format: 'webp', key: `${ID}/e1/${quality}`, size: 1 })),
});

const PHOTO = made('high', 'medium', 'low', 'thumbnail');
const entry = (quality: string, format: string, size = 1) => ({
  ...{ quality, format, size },
  key: `${ID}/e1/${quality}.${format}`,
});
const FILM = { processed: [entry('original', 'mp4'), entry('thumbnail', 'jpg')], contentType: 'video/mp4' };
const photo: Partial<MediaRow> = { scan_state: 'clean' };

const decide = (
  row: Partial<MediaRow>,
  said: Result,
  state: Partial<ResultState> = {},
  rules: Partial<DomainConfig> = {},
): ResultPlan =>
  decideResult(
    { ...settings, ...rules },
    { row: rowOf(row), applied_stages: [], known_virus: undefined, ...state },
    said,
    NOW,
  );

test.each(TOMBSTONES)('a result changes nothing of a media object that is %s', (state) => {
  expect(decide({ state }, result('final', PHOTO))).toEqual({ outcome: 'tombstone' });
});

test.each([
  ['an epoch before the applied one', { epoch: 3, applied_epoch: 2 }, result('final'), 'stale_epoch'],
  ['an epoch that was never started', { epoch: 1 }, result('final', { epoch: 2 }), 'unknown_epoch'],
  ['a failure of an earlier epoch', { epoch: 2 }, failed('final'), 'stale_epoch'],
  ['progress of an earlier epoch', { epoch: 2 }, result('progress', { percent: 5 }), 'stale_epoch'],
  ['a stage of a newer release', {}, result('sparkle'), 'unknown_stage'],
  ['a failure that may go away', { ready_by: NOW }, failed('final', { retryable: true }), 'retried_later'],
] as [string, Partial<MediaRow>, Result, string][])('%s writes nothing', (_, row, said, outcome) => {
  expect(decide(row, said)).toEqual({ outcome });
});

test.each(['preview', 'scan', 'final'] as const)('a repeated %s writes nothing', (stage) => {
  expect(decide(photo, result(stage, PHOTO), { applied_stages: [stage] })).toEqual({ outcome: 'duplicate' });
});

test.each([
  ['without a deadline', {}, {}],
  ['in its last epoch', { ready_by: NOW, epoch: 5 }, { epoch: 5 }],
  ['that has settled', { ready_by: NOW, state: 'ready', transcode_state: 'ready' }, {}],
] as [string, Partial<MediaRow>, Partial<Result>][])('a failure %s is final', (_, row, said) => {
  expect(decide(row, failed('final', { retryable: true, ...said })).outcome).toBe('applied');
});

/** Row before, stages applied before, result → columns afterwards. */
type Case = [string, Partial<MediaRow>, string[], Result, Partial<MediaRow>];
const TABLE: Case[] = [
  [
    'a preview shows a thumbnail',
    {},
    [],
    result('preview', made('thumbnail')),
    { state: 'processing', thumbnail_state: 'ready' },
  ],
  [
    'a failed preview says so',
    {},
    [],
    failed('preview'),
    { state: 'processing', thumbnail_state: 'failed', failure_code: null },
  ],
  [
    'a photo waits for its verdict',
    {},
    [],
    result('final', PHOTO),
    { state: 'processing', applied_epoch: 1 },
  ],
  [
    'a scanned photo waits for its renditions',
    {},
    [],
    result('scan', { code: 'clean' }),
    { state: 'processing', scan_state: 'clean' },
  ],
  [
    'the final result after the scan settles',
    photo,
    ['scan'],
    result('final', PHOTO),
    { state: 'ready', ready_by: null, settle_by: null },
  ],
  [
    'the scan after the final result settles',
    {
      derivatives: ['high', 'medium', 'low', 'thumbnail'].map((q) => derivative(1, q as 'high')),
      kind: 'image',
    },
    ['final'],
    result('scan', { code: 'clean' }),
    { state: 'ready' },
  ],
  [
    'a photo without all renditions degrades',
    photo,
    ['scan'],
    result('final', made('high')),
    { state: 'degraded', failure_code: 'processing_failed' },
  ],
  [
    'a photo without a preview is delivered as a file',
    photo,
    ['scan'],
    failed('final', { code: 'unreadable' }),
    { state: 'degraded', kind: 'other', failure_code: 'unreadable' },
  ],
  [
    'it waits for its verdict',
    {},
    [],
    failed('final', { code: 'too_many_pixels' }),
    { state: 'processing', kind: 'other', failure_code: 'too_many_pixels' },
  ],
  [
    'and settles with it',
    { failure_code: 'unreadable', failure_message: 'x', kind: 'other', content_type: 'video/mp4' },
    ['final'],
    result('scan', { code: 'clean', contentType: 'video/mp4' }),
    { state: 'degraded', kind: 'other', failure_code: 'unreadable', transcode_state: 'none' },
  ],
  ...(['empty_file', 'hash_mismatch', 'source_missing', 'no_verdict'] as const).map(
    (code): Case => [`${code} is withheld`, photo, ['scan'], failed('final', { code }), { state: 'failed' }],
  ),
  [
    'a document that could not be opened is the document it is',
    { ...photo, content_type: 'application/zip' },
    ['scan'],
    failed('final'),
    { state: 'ready', kind: 'other', failure_code: null },
  ],
  [
    'a failure that this release does not know',
    photo,
    ['scan'],
    failed('final', { code: 'toString' }),
    { state: 'degraded', failure_code: 'processing_failed' },
  ],
  [
    'low stands in for a missing thumbnail',
    photo,
    ['scan'],
    result('final', made('high', 'medium', 'low')),
    {
      state: 'ready',
      derivatives: expect.arrayContaining([
        expect.objectContaining({ quality: 'thumbnail', object_storage_key: `${ID}/e1/low` }),
      ]),
    },
  ],
  [
    'the first jpg is the thumbnail, wherever it stands',
    { ...photo, derivatives: [] },
    ['scan'],
    result('preview', {
      processed: [entry('thumbnail', 'webp'), entry('thumbnail', 'jpg'), entry('thumbnail', 'jpg', 2)],
    }),
    { derivatives: [expect.objectContaining({ quality: 'thumbnail', format: 'jpg', size_bytes: 1n })] },
  ],
  [
    'a film whose only thumbnail is a webp lacks one',
    { ...photo, transcode_state: 'running' },
    ['scan'],
    result('final', {
      contentType: 'video/mp4',
      processed: [entry('original', 'mp4'), entry('thumbnail', 'webp')],
    }),
    { state: 'degraded' },
  ],
  [
    'an unknown verdict leaves the scan pending',
    {},
    [],
    result('scan', { code: 'sparkling' }),
    { state: 'processing', scan_state: 'pending' },
  ],
  [
    'a failed scan leaves the scan pending',
    {},
    [],
    failed('scan'),
    { state: 'processing', scan_state: 'pending' },
  ],
  [
    'a file too large to scan is delivered',
    {},
    [],
    { ...result('scan', { code: 'unscannable' }), error: 'too_large' },
    { state: 'processing', scan_state: 'unscannable' },
  ],
  [
    'an unscannable file is refused',
    {},
    [],
    result('scan', { code: 'unscannable' }),
    { state: 'failed', scan_state: 'unscannable', failure_code: 'no_verdict' },
  ],
  [
    'a scanned video waits for its transcode',
    {},
    [],
    result('scan', { code: 'clean', contentType: 'video/mp4' }),
    { state: 'processing', kind: 'video', transcode_state: 'pending' },
  ],
  [
    'a finished transcode settles',
    { ...photo, kind: 'video', transcode_state: 'running' },
    ['scan'],
    result('final', FILM),
    { state: 'ready', transcode_state: 'ready' },
  ],
  [
    'a failed transcode degrades',
    { ...photo, kind: 'video', transcode_state: 'running' },
    ['scan'],
    failed('final'),
    { state: 'degraded', transcode_state: 'failed' },
  ],
  [
    'a degraded row rises to ready',
    { ...photo, state: 'degraded', failure_code: 'not_in_time' },
    ['scan'],
    result('final', PHOTO),
    { state: 'ready', failure_code: null },
  ],
  [
    'an offered video says why it stays so',
    { ...photo, state: 'degraded', transcode_state: 'running', ready_by: NOW },
    ['scan'],
    failed('final'),
    { state: 'degraded', transcode_state: 'failed', failure_code: 'processing_failed', ready_by: null },
  ],
  [
    'a late failure does not unsettle a ready row',
    { ...photo, state: 'ready' },
    ['scan'],
    failed('final'),
    { state: 'ready', failure_code: null },
  ],
  [
    'a late success does not unsettle a failed row',
    { ...photo, state: 'failed', failure_code: 'no_verdict' },
    [],
    result('final', PHOTO),
    { state: 'failed', failure_code: 'no_verdict' },
  ],
];

test.each(TABLE)('%s', (_, row, applied_stages, said, expected) => {
  const { outcome, media, applied } = decide(row, said, { applied_stages });
  expect(outcome).toBe('applied');
  expect(applied).toEqual({ epoch: 1, stages: [said.stage] });
  expect(media?.row).toMatchObject(expected);
});

describe('a verdict that comes with the final result', () => {
  const joined = (code: string) => ({ ...result('final', { ...PHOTO, sha256: SHA256 }), scan: { code } });

  test('settles in one revision', () => {
    const plan = decide({}, joined('clean'));
    expect(plan.applied).toEqual({ epoch: 1, stages: ['scan', 'final'] });
    expect(plan.verdict).toEqual({ sha256: SHA256, scanner: undefined, code: 'clean' });
    expect(plan.media?.row).toMatchObject({ state: 'ready', scan_state: 'clean', rev: 8 });
  });

  test('is what it would be if both came alone', () => {
    for (const code of ['clean', 'unscannable', 'skipped', 'sparkling']) {
      const scan = decide({}, result('scan', { code, sha256: SHA256 })).media;
      const final = result('final', { ...PHOTO, sha256: SHA256 });
      const alone = decide(scan?.row ?? {}, final, { applied_stages: ['scan'] }).media;
      expect(decide({}, joined(code)).media?.row).toEqual({ ...alone?.row, rev: 8 });
    }
  });

  test('is applied once, in part when a part was there', () => {
    const state = { applied_stages: ['scan'] };
    expect(decide({ scan_state: 'clean' }, joined('clean'), state).applied?.stages).toEqual(['final']);
    expect(decide({}, joined('clean'), { applied_stages: ['scan', 'final'] })).toEqual({
      outcome: 'duplicate',
    });
  });

  test('is kept when the rest has failed', () => {
    const said = { ...failed('final', { code: 'unreadable' }), scan: { code: 'clean' } };
    expect(decide({}, said).media?.row).toMatchObject({ state: 'degraded', scan_state: 'clean' });
  });
});

test('a scanned video asks the heavy lane once', () => {
  const said = result('scan', { code: 'clean', contentType: 'video/mp4' });
  const subjects = decide({}, said).media?.messages.map(({ subject }) => subject);
  expect(subjects).toEqual([settings.subjects.mediaUpdated, settings.subjects.transcodeRequest]);
  const again = decide({ transcode_state: 'pending' }, said).media?.messages.map(({ subject }) => subject);
  expect(again).toEqual([settings.subjects.mediaUpdated]);
});

test('derivatives of known qualities and formats are part of the plan, others are not', () => {
  const unknown = { quality: 'gigantic', format: 'webp', key: `${ID}/e1/g`, size: 1 };
  const said = result('final', { processed: [...made('high').processed, unknown] });
  expect(decide(photo, said).media?.written).toEqual([
    { ...derivative(1, 'high'), object_storage_key: `${ID}/e1/high` },
  ]);
});

test('a later result adds a format, and replaces one that it reports again', () => {
  const low = derivative(1, 'low');
  const before = { ...photo, derivatives: [low] };
  const again = { ...entry('low', 'webp'), key: `${ID}/e1/second.webp` };
  const said = result('final', { processed: [entry('low', 'jpg'), again, entry('low', 'webp')] });
  const written = decide(before, said).media?.written.find(({ quality }) => quality === 'low');
  expect(written && formatsOf(written).map((one) => [one.format, one.object_storage_key])).toEqual([
    ['webp', `${ID}/e1/second.webp`],
    ['jpg', `${ID}/e1/low.jpg`],
  ]);
});

test('a verdict on counted bytes is kept', () => {
  const said = result('scan', { code: 'clean', sha256: SHA256.toUpperCase(), scanner: 'clamav' });
  expect(decide({}, said).verdict).toEqual({ sha256: SHA256, scanner: 'clamav', code: 'clean' });
  expect(decide({}, result('scan', { code: 'clean' })).verdict).toBeUndefined();
  expect(decide({}, result('scan', { code: 'skipped', sha256: SHA256 })).verdict).toBeUndefined();
});

test('bytes that are known to be infected are blocked before anything of them is shown', () => {
  const plan = decide({ derivatives: [derivative(1, 'high')] }, result('preview', made('thumbnail')), {
    known_virus: 'Eicar',
  });
  expect(plan.outcome).toBe('known_infected');
  expect(plan.applied).toBeUndefined();
  expect(plan.media?.row).toMatchObject({ state: 'blocked', virus_name: 'Eicar', derivatives: [] });
});

describe('progress of a transcode', () => {
  const said = result('progress', { percent: 40 });

  test('starts it with a revision', () => {
    const plan = decide({ transcode_state: 'pending' }, said);
    expect(plan).toMatchObject({ outcome: 'progress', progress: 40 });
    expect(plan.media?.row).toMatchObject({ transcode_state: 'running', progress: 40, rev: 8 });
  });

  test('is bookkeeping from then on', () => {
    expect(decide({ transcode_state: 'running' }, said)).toEqual({
      outcome: 'progress',
      progress: 40,
      books: { progress: 40 },
    });
  });

  test('is only announced when nothing runs', () => {
    expect(decide({ transcode_state: 'ready' }, said)).toEqual({ outcome: 'progress', progress: 40 });
  });
});

describe('a rescan', () => {
  const said = result('rescan', { code: 'clean', sha256: SHA256 });
  const verdict = { sha256: SHA256, scanner: undefined, code: 'clean' };

  test.each([
    [
      'keeps the verdict alone',
      { state: 'ready', scan_state: 'clean', sha256: SHA256, is_sha256_verified: true },
      undefined,
    ],
    [
      'clears a file that was not scanned',
      { state: 'ready', scan_state: 'skipped', sha256: SHA256, is_sha256_verified: true },
      { scan_state: 'clean' },
    ],
    [
      'verifies a claimed hash',
      { state: 'ready', scan_state: 'clean', sha256: SHA256 },
      { sha256: SHA256, is_sha256_verified: true },
    ],
    [
      'notes that a failed file is another than announced',
      { state: 'failed', sha256: 'b'.repeat(64) },
      { sha256: SHA256, failure_code: 'hash_mismatch' },
    ],
    ['leaves the hash of a file in work alone', { state: 'processing', scan_state: 'pending' }, undefined],
  ] as [string, Partial<MediaRow>, object | undefined][])('%s', (_, row, expected) => {
    const plan = decide(row, said);
    expect([plan.outcome, plan.verdict]).toEqual(['rescanned', verdict]);
    if (expected === undefined) expect(plan.media).toBeUndefined();
    else expect(plan.media?.columns).toMatchObject(expected);
  });

  test('without a verdict writes nothing', () => {
    expect(decide({ state: 'ready' }, failed('rescan', { sha256: SHA256 }))).toEqual({
      outcome: 'rescanned',
    });
  });
});

test('no decision changes the row that it was given', () => {
  const states: MediaState[] = ['processing', 'degraded', 'ready', 'failed'];
  for (const state of states) {
    const row = rowOf({ state, derivatives: [derivative(1, 'high')] });
    const copy = structuredClone(row);
    for (const stage of ['preview', 'scan', 'final', 'progress', 'rescan'])
      decideResult(settings, { row, applied_stages: [], known_virus: undefined }, result(stage, PHOTO), NOW);
    expect(row).toEqual(copy);
  }
});
