import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createConversation } from '../src/media/messages/conversations.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { readMedia } from '../src/media/record/media-row.ts';
import { toMedia } from '../src/media/record/media-view.ts';
import { type ApplyOutcome, applyResult } from '../src/media/results/apply-result.ts';
import { applyVirus } from '../src/media/results/apply-virus.ts';
import type { Result } from '../src/media/results/result.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

const derivative = (id: string, quality: string, format = 'webp', epoch = 1) => ({
  quality,
  format,
  key: `${id}/e${epoch}/${quality}.${format}`,
  size: 10,
});

const base = (id: string) => ({
  mediaId: id,
  originalUrl: 'https://media.example/x',
  success: true,
  processed: [],
});

const imageResults = (id: string): Result[] => [
  {
    ...base(id),
    stage: 'preview',
    epoch: 1,
    contentType: 'image/jpeg',
    width: 30,
    height: 40,
    thumbhash: 'YWJj',
    processed: [derivative(id, 'thumbnail')],
  },
  { ...base(id), stage: 'scan', epoch: 1, code: 'clean', contentType: 'image/jpeg' },
  {
    ...base(id),
    stage: 'final',
    epoch: 1,
    contentType: 'image/jpeg',
    processed: ['high', 'medium', 'low', 'thumbnail'].map((quality) => derivative(id, quality)),
  },
];

const videoResults = (id: string): Result[] => [
  {
    ...base(id),
    stage: 'preview',
    epoch: 1,
    contentType: 'video/mp4',
    processed: [derivative(id, 'thumbnail', 'jpg')],
  },
  { ...base(id), stage: 'scan', epoch: 1, code: 'clean', contentType: 'video/mp4' },
  {
    ...base(id),
    stage: 'final',
    epoch: 1,
    processed: [derivative(id, 'original', 'mp4'), derivative(id, 'thumbnail', 'jpg')],
  },
];

const apply = (result: Result, changed: Partial<DomainConfig> = {}): Promise<ApplyOutcome> =>
  db.database.autocommit((on) => applyResult(on, { ...settings, ...changed }, result));

const stateOf = async (id: string) => {
  const row = await readMedia(db.database, id);
  if (row === undefined) throw new Error('no such row');
  return row;
};

const requestsTo = async (subject: string, id: string) => {
  const rows = await db.database.client.outbox.findMany({ where: { subject } });
  return rows.filter((row) => (row.payload as { mediaId?: string }).mediaId === id).length;
};

const permutations = <T>(items: T[]): T[][] =>
  items.length < 2
    ? [items]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));

describe('an image', () => {
  test.each(permutations([0, 1, 2]))(
    'is ready whatever the order: %i %i %i, each twice',
    async (...order) => {
      const id = await db.uploaded();
      for (const index of [...order, ...order]) {
        const result = imageResults(id)[index];
        if (result !== undefined) await apply(result);
      }
      expect(await stateOf(id)).toMatchObject({
        state: 'ready',
        kind: 'image',
        scan_state: 'clean',
        thumbnail_state: 'ready',
        transcode_state: 'none',
        width: 30,
        thumbhash: 'YWJj',
        ready_by: null,
      });
      expect((await stateOf(id)).derivatives).toHaveLength(4);
    },
  );

  test('a repetition changes nothing, not even rev', async () => {
    const id = await db.uploaded();
    for (const result of imageResults(id)) expect(await apply(result)).toBe('applied');
    const { rev } = await stateOf(id);
    for (const result of imageResults(id)) expect(await apply(result)).toBe('duplicate');
    expect((await stateOf(id)).rev).toBe(rev);
  });

  test('without a quality that it needs it is degraded', async () => {
    const id = await db.uploaded();
    const [, scan, final] = imageResults(id) as [Result, Result, Result];
    await apply(scan);
    await apply({ ...final, processed: [derivative(id, 'medium')] });
    expect((await stateOf(id)).state).toBe('degraded');
  });

  test('waits for a verdict under gate, and does not under deliver', async () => {
    const id = await db.uploaded();
    const [, , final] = imageResults(id) as [Result, Result, Result];
    await apply(final);
    expect((await stateOf(id)).state).toBe('processing');
    const other = await db.uploaded();
    await apply(imageResults(other)[2] as Result, { scanPolicy: 'deliver' });
    expect((await stateOf(other)).state).toBe('ready');
  });

  test('values that it does not know are skipped, the rest is kept', async () => {
    const id = await db.uploaded();
    const [preview, scan, final] = imageResults(id) as [Result, Result, Result];
    await apply(preview);
    await apply(scan);
    await apply({ ...final, processed: [...final.processed, derivative(id, 'ultra', 'jxl')] });
    expect(await apply({ ...final, stage: 'invented' })).toBe('unknown_stage');
    expect((await stateOf(id)).state).toBe('ready');
  });

  test('a response with only the required fields works', async () => {
    const id = await db.uploaded();
    const { stage: _, epoch: __, ...final } = imageResults(id)[2] as Result;
    await apply(final, { scanPolicy: 'deliver' });
    expect((await stateOf(id)).state).toBe('ready');
  });
});

describe('a video', () => {
  test('is transcoded after the verdict, asked for once, and ready after that', async () => {
    const id = await db.uploaded('video/mp4');
    const [preview, scan, final] = videoResults(id) as [Result, Result, Result];
    await apply(preview);
    expect(await requestsTo(settings.subjects.transcodeRequest, id)).toBe(0);
    await apply(scan);
    await apply(scan);
    expect(await requestsTo(settings.subjects.transcodeRequest, id)).toBe(1);
    expect(await stateOf(id)).toMatchObject({ state: 'processing', transcode_state: 'pending' });
    await apply(final);
    expect(await stateOf(id)).toMatchObject({ state: 'ready', transcode_state: 'ready' });
  });

  test('shows that its transcode runs, and how far it is, until it ends', async () => {
    const id = await db.uploaded('video/mp4');
    const [preview, scan, final] = videoResults(id) as [Result, Result, Result];
    const progress = (percent: number, epoch = 1) =>
      apply({ ...base(id), stage: 'progress', epoch, percent, processed: [] });
    const shown = async () => {
      const row = await stateOf(id);
      return [row.transcode_state, toMedia(row, settings.publicUrl).progress];
    };
    await apply(preview);
    await progress(1);
    expect(await shown()).toEqual(['none', undefined]);
    await apply(scan);
    expect(await shown()).toEqual(['pending', undefined]);
    await progress(10);
    const { rev } = await stateOf(id);
    await progress(40);
    expect(await shown()).toEqual(['running', 40]);
    // Members see the progress as it comes; a revision for each step would be too much.
    expect((await stateOf(id)).rev).toBe(rev);
    expect(await progress(90, 2)).toBe('unknown_epoch');
    await apply(final);
    await progress(99);
    expect(await shown()).toEqual(['ready', undefined]);
  });

  test('that was offered as it is becomes ready by a late result', async () => {
    const id = await db.uploaded('video/mp4');
    const [preview, scan, final] = videoResults(id) as [Result, Result, Result];
    await apply(preview);
    await apply(scan);
    await db.database.client.media_object.update({
      where: { media_object_id: id },
      data: { state: 'degraded' },
    });
    await apply(final);
    expect(await stateOf(id)).toMatchObject({ state: 'ready', transcode_state: 'ready', ready_by: null });
  });

  test('whose transcode fails is degraded: its source can be played', async () => {
    const id = await db.uploaded('video/mp4');
    const [preview, scan] = videoResults(id) as [Result, Result, Result];
    await apply(preview);
    await apply(scan);
    await apply({ ...base(id), success: false, stage: 'final', epoch: 1, code: 'processing_failed' });
    expect(await stateOf(id)).toMatchObject({
      state: 'degraded',
      transcode_state: 'failed',
      scan_state: 'clean',
    });
  });
});

describe('verdicts', () => {
  test.each([
    ['deliver-large', 'too_large', 'processing'],
    ['deliver-large', 'encrypted', 'failed'],
    ['deliver-large', 'timeout', 'failed'],
    ['deliver-large', 'engine_error', 'failed'],
    ['deliver', 'encrypted', 'processing'],
    ['deliver', 'too_large', 'processing'],
    ['block', 'too_large', 'failed'],
    ['block', 'encrypted', 'failed'],
  ] as const)('SCAN_UNSCANNABLE=%s, %s: %s', async (scanUnscannable, error, state) => {
    const id = await db.uploaded();
    await apply({ ...base(id), stage: 'scan', epoch: 1, code: 'unscannable', error }, { scanUnscannable });
    expect(await stateOf(id)).toMatchObject({ state, scan_state: 'unscannable' });
  });

  test.each([
    ['gate', 'processing'],
    ['deliver', 'ready'],
  ] as const)('SCAN_POLICY=%s without a verdict: %s', async (scanPolicy, state) => {
    const id = await db.uploaded();
    await apply(imageResults(id)[2] as Result, { scanPolicy });
    expect(await stateOf(id)).toMatchObject({ state, scan_state: 'pending' });
  });

  test('SCAN_POLICY=off skips the scan from the beginning, and waits for no verdict', async () => {
    const id = await db.uploaded('image/jpeg', { scanPolicy: 'off' });
    expect(await stateOf(id)).toMatchObject({ state: 'processing', scan_state: 'skipped' });
    await apply(imageResults(id)[2] as Result, { scanPolicy: 'off' });
    expect(await stateOf(id)).toMatchObject({ state: 'ready', scan_state: 'skipped' });
  });

  test('an unknown verdict never counts as clean', async () => {
    const id = await db.uploaded();
    await apply({ ...base(id), stage: 'scan', epoch: 1, code: 'probably fine' });
    await apply(imageResults(id)[2] as Result);
    expect(await stateOf(id)).toMatchObject({ state: 'processing', scan_state: 'pending' });
  });

  test('infected: blocked, and no later result brings it back', async () => {
    const id = await db.uploaded();
    const virus = {
      mediaId: id,
      s3Key: `${id}/source`,
      s3Bucket: 'claimcheck',
      mediaUrl: 'https://media.example/x',
      virusName: 'Test',
      detectedAt: new Date().toISOString(),
      actionTaken: 'deleted_from_object_store' as const,
    };
    await apply(imageResults(id)[0] as Result);
    expect(await db.database.transaction((tx) => applyVirus(tx, settings, virus))).toMatchObject({
      outcome: 'applied',
      keys: [`${id}/source`, `${id}/e1/thumbnail.webp`],
    });
    expect(await db.database.transaction((tx) => applyVirus(tx, settings, virus))).toMatchObject({
      outcome: 'tombstone',
    });
    expect(await apply(imageResults(id)[2] as Result)).toBe('tombstone');
    expect(await stateOf(id)).toMatchObject({ state: 'blocked', scan_state: 'infected', derivatives: [] });
  });

  test('the database itself refuses to leave a tombstone', async () => {
    const id = await db.uploaded();
    await db.database.client.media_object.update({
      where: { media_object_id: id },
      data: { state: 'deleted' },
    });
    const revive = db.database.client.media_object.update({
      where: { media_object_id: id },
      data: { state: 'ready' },
    });
    await expect(revive).rejects.toThrow(/never left/);
  });
});

test('results of an older or of an unknown epoch change nothing', async () => {
  const id = await db.uploaded();
  await db.database.client.media_object.update({
    where: { media_object_id: id },
    data: { epoch: 3, applied_epoch: 2 },
  });
  const [preview] = imageResults(id) as [Result];
  expect(await apply({ ...preview, epoch: 1 })).toBe('stale_epoch');
  expect(await apply({ ...preview, epoch: 4 })).toBe('unknown_epoch');
  expect(await apply({ ...preview, mediaId: '00000000-0000-4000-8000-000000000000' })).toBe('missing');
});

test('finalize is idempotent: one request, for any number of callers and calls', async () => {
  const id = await db.uploaded();
  const again = await Promise.all(
    [1, 2, 3].map(() => db.database.transaction((tx) => finalizeUpload(tx, settings, id, 1_000))),
  );
  expect(again).toEqual([false, false, false]);
  expect(await requestsTo(settings.subjects.optimizeRequest, id)).toBe(1);
});

test('every conversation that refers to it gets the event, with a number of its own', async () => {
  const id = await db.uploaded();
  for (const conversation_id of ['b-conv', 'a-conv']) {
    await db.database.transaction((tx) =>
      createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
    );
    await db.database.transaction((tx) =>
      sendMessage(
        tx,
        settings,
        { conversation_id, sender_user_id: 'ann' },
        {
          client_message_id: 'm',
          message_type: 'image',
          media_object_id: id,
        },
      ),
    );
  }
  db.facts.length = 0;
  await apply(imageResults(id)[0] as Result);
  const told = db.facts.flatMap((fact) => (fact.fact === 'conversation_event' ? [fact.event] : []));
  expect(told.map(({ conversation_id, type, seq }) => [conversation_id, type, seq])).toEqual([
    ['a-conv', 'media.updated', 3],
    ['b-conv', 'media.updated', 3],
  ]);
});

test('a message sent while results arrive shows the outcome, or its conversation is notified', async () => {
  const conversation_id = 'meanwhile';
  await db.database.transaction((tx) =>
    createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
  );
  for (let round = 0; round < 25; round += 1) {
    const id = await db.uploaded();
    db.facts.length = 0;
    const results = imageResults(id).map((result) =>
      db.database.autocommit((on) => applyResult(on, settings, result)),
    );
    const message = db.database.transaction((tx) =>
      sendMessage(
        tx,
        settings,
        { conversation_id, sender_user_id: 'ann' },
        { client_message_id: id, message_type: 'image', media_object_id: id },
      ),
    );
    await Promise.all([...results, message]);
    const revs = db.facts.flatMap((fact) => {
      if (fact.fact !== 'conversation_event') return [];
      if (fact.event.type === 'message.created') return [fact.event.message.media?.rev ?? 0];
      return fact.event.type === 'media.updated' ? [fact.event.media.rev] : [];
    });
    expect(await stateOf(id)).toMatchObject({ state: 'ready', rev: 5 });
    expect(Math.max(...revs)).toBe(5);
  }
});

test('the same client_message_id at the same time is one message, and the log has no gap', async () => {
  const conversation_id = 'one-message';
  await db.database.transaction((tx) =>
    createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
  );
  const send = (key: string) =>
    db.database.transaction((tx) =>
      sendMessage(
        tx,
        settings,
        { conversation_id, sender_user_id: 'ann' },
        {
          client_message_id: key,
          message_type: 'text',
          body: 'x',
        },
      ),
    );
  const answers = await Promise.all(['k', 'k', 'other', 'k', 'k'].map(send));
  expect(new Set(answers.map(({ message }) => message.message_id)).size).toBe(2);
  expect(answers.filter(({ created }) => created)).toHaveLength(2);
  const log = await db.database.client.conversation_event.findMany({
    where: { conversation_id },
    orderBy: { seq: 'asc' },
  });
  expect(log.map(({ seq, type }) => [Number(seq), type])).toEqual([
    [1, 'member_added'],
    [2, 'message_created'],
    [3, 'message_created'],
  ]);
});
