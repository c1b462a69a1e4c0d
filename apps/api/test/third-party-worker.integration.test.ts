import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createResultConsumers } from '../src/background/result-consumers.ts';
import { type MediaRow, readMedia } from '../src/media/record/media-row.ts';
import { toMedia } from '../src/media/record/media-view.ts';
import { explainMedia } from '../src/media/reports/explain-media.ts';
import type { FieldWithKnownValues } from '../src/media/results/unknown-values.ts';
import { readKnownMedia } from '../src/reconcile/known-media.ts';
import { createTestBucket, type TestBucket } from './harness/test-bucket.ts';
import { createTestBus, logger, type TestBus } from './harness/test-bus.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

const WITHIN = { timeout: 20_000 };

/** A worker by another author who used only the required fields of the schemas. */
let db: TestDatabase;
let broker: TestBus;
let store: TestBucket;
let consumers: ReturnType<typeof createResultConsumers>;
const unknown: FieldWithKnownValues[] = [];
const deadLetters: string[] = [];

beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  broker = await createTestBus(stack.NATS_URL ?? '');
  store = await createTestBucket(stack);
  broker.bus.subscribe(broker.bus.subjects.deadLetter('*'), (data) =>
    deadLetters.push(Buffer.from(data).toString()),
  );
  consumers = createResultConsumers({
    database: db.database,
    bus: broker.bus,
    storage: store.storage,
    settings: { ...settings, scanPolicy: 'deliver' },
    maxAttempts: 3,
    concurrency: 8,
    logger,
    onUnknown: (field) => unknown.push(field),
  });
  await Promise.all(consumers.map((consumer) => consumer.start()));
});
afterAll(async () => {
  await Promise.all((consumers ?? []).map((consumer) => consumer.stop()));
  await broker?.close();
  await store?.close();
  await db?.close();
});

const publish = (subject: string, payload: object) =>
  broker.bus.publish(subject, JSON.stringify(payload), { messageId: randomUUID() });

const answer = (mediaId: string, fields: object) =>
  publish(broker.bus.subjects.optimizeResponse, {
    mediaId,
    originalUrl: `https://media.example/v1/media/${mediaId}/source`,
    ...fields,
  });

const stateOf = async (id: string) => (await readMedia(db.database, id))?.state;

const processed = (mediaId: string, quality: string, format: string, folder = mediaId) => ({
  quality,
  format,
  url: store.storage.urlOf(`${folder}/by-somebody/${quality}.${format}`),
  size: 5,
});

describe('a worker that knows only the required fields', () => {
  test('makes an image ready', async () => {
    const id = await db.uploaded('image/jpeg');
    const qualities = ['high', 'medium', 'low', 'thumbnail'].map((quality) => processed(id, quality, 'webp'));
    await answer(id, { success: true, processed: qualities });
    await expect.poll(() => stateOf(id), WITHIN).toBe('ready');
  });

  test.each([
    ['an mp4', 'original', 'mp4'],
    ['HLS', 'high', 'm3u8'],
  ])('makes a video ready by %s', async (_, quality, format) => {
    const id = await db.uploaded('video/mp4');
    await answer(id, {
      success: true,
      processed: [processed(id, quality, format), processed(id, 'thumbnail', 'jpg')],
    });
    await expect.poll(() => stateOf(id), WITHIN).toBe('ready');
  });

  test('fails one, which is delivered as a file', async () => {
    const id = await db.uploaded('image/jpeg');
    await answer(id, { success: false, error: 'failed to detect media type' });
    await expect.poll(() => stateOf(id), WITHIN).toBe('degraded');
    expect(await readMedia(db.database, id)).toMatchObject({ kind: 'other' });
  });

  test.each([
    ['image', 'image/jpeg', 'ready'],
    ['video', 'video/mp4', 'ready'],
    ['failure', 'image/jpeg', 'degraded'],
  ])('the published example of a response to %s is applied', async (name, filetype, state) => {
    const id = await db.uploaded(filetype);
    const file = fileURLToPath(
      import.meta.resolve(`../../../packages/contracts/examples/optimize.response.${name}.json`),
    );
    const example = (await readFile(file, 'utf8')).replaceAll('550e8400-e29b-41d4-a716-446655440000', id);
    await publish(
      broker.bus.subjects.optimizeResponse,
      JSON.parse(example.replaceAll('s3://claimcheck/', `s3://${store.storage.bucket}/`)) as object,
    );
    await expect.poll(() => stateOf(id), WITHIN).toBe(state);
  });

  test('the published example of an alert is applied', async () => {
    const id = await db.uploaded('image/jpeg');
    const file = fileURLToPath(
      import.meta.resolve('../../../packages/contracts/examples/optimize.response.virus.json'),
    );
    const example = (await readFile(file, 'utf8')).replaceAll('550e8400-e29b-41d4-a716-446655440000', id);
    await publish(broker.bus.subjects.virus, JSON.parse(example) as object);
    await expect.poll(() => stateOf(id), WITHIN).toBe('blocked');
  });

  test.each([
    { detectedAt: '2026-11-28T23:00:00+02:00' },
    { detectedAt: '20261128T230000Z' },
    { actionTaken: 'quarantined' },
    { virusName: 'x'.repeat(300) },
    {},
  ])('blocks by an alert in any spelling: %j', async (fields) => {
    const id = await db.uploaded('image/jpeg');
    await store.putAll([`${id}/source`]);
    await publish(broker.bus.subjects.virus, { mediaId: id, ...fields });
    await expect.poll(() => stateOf(id), WITHIN).toBe('blocked');
    await expect.poll(() => store.storage.head(`${id}/source`), WITHIN).toBeUndefined();
  });

  test('answers with an error of any length and numbers of any kind', async () => {
    const id = await db.uploaded('audio/mpeg');
    await answer(id, { success: true, error: 'x'.repeat(1_500), durationMs: 5_312.5, width: 0 });
    await expect.poll(() => stateOf(id), WITHIN).toBe('ready');
    expect(await readMedia(db.database, id)).toMatchObject({ duration_ms: 5_313, width: null });
    expect(unknown.splice(0)).toEqual(['described']);
  });

  test('finds a virus', async () => {
    const id = await db.uploaded('image/jpeg');
    await store.putAll([`${id}/source`]);
    await publish(broker.bus.subjects.virus, {
      mediaId: id,
      s3Key: `${id}/source`,
      s3Bucket: 'claimcheck',
      mediaUrl: `https://media.example/v1/media/${id}/source`,
      virusName: 'Test.Virus',
      detectedAt: new Date().toISOString(),
      actionTaken: 'left_in_place',
    });
    await expect.poll(() => stateOf(id), WITHIN).toBe('blocked');
    await expect.poll(() => store.storage.head(`${id}/source`), WITHIN).toBeUndefined();
  });
});

test('two formats of one quality are both kept, and removed with an infected file', async () => {
  const id = await db.uploaded('video/mp4');
  const twice = { ...processed(id, 'high', 'mp4'), url: store.storage.urlOf(`${id}/by-somebody/again.mp4`) };
  const entries = [
    processed(id, 'high', 'mp4'),
    processed(id, 'high', 'm3u8'),
    twice,
    processed(id, 'thumbnail', 'webp'),
    processed(id, 'thumbnail', 'jpg'),
  ];
  await answer(id, { success: true, processed: entries });
  await expect.poll(() => stateOf(id), WITHIN).toBe('ready');
  const story = await explainMedia(db.database, settings, id);
  const seen = story.derivatives.map(({ quality, format, object_storage_key: key }) => [
    quality,
    format,
    key,
  ]);
  expect(seen.toSorted()).toEqual([
    ['high', 'm3u8', `${id}/by-somebody/high.m3u8`],
    ['high', 'mp4', `${id}/by-somebody/high.mp4`],
    ['thumbnail', 'jpg', `${id}/by-somebody/thumbnail.jpg`],
    ['thumbnail', 'webp', `${id}/by-somebody/thumbnail.webp`],
  ]);
  const row = await readMedia(db.database, id);
  const { qualities } = toMedia(row as MediaRow, settings.publicUrl);
  expect(qualities.map(({ quality, format }) => [quality, format]).toSorted()).toEqual([
    ['high', 'mp4'],
    ['thumbnail', 'jpg'],
  ]);
  const keys = [`${id}/source`, ...seen.map(([, , key]) => key as string)];
  const [known] = await readKnownMedia(db.database, store.storage.bucket, [id]);
  expect(known?.expected.toSorted()).toEqual(keys.slice(1).toSorted());
  await store.putAll(keys);
  await publish(broker.bus.subjects.virus, { mediaId: id });
  for (const key of keys) await expect.poll(() => store.storage.head(key), WITHIN).toBeUndefined();
});

test('values of a newer worker are skipped and counted, the rest is applied', async () => {
  const id = await db.uploaded('audio/mpeg');
  await answer(id, { success: true, stage: 'subtitles' });
  await answer(id, {
    success: true,
    hdr: { of: 'a later release' },
    processed: [processed(id, 'ultra', 'webp'), processed(id, 'low', 'jxl')],
  });
  await expect.poll(() => stateOf(id), WITHIN).toBe('ready');
  expect(unknown.toSorted()).toEqual(['format', 'quality', 'stage']);
  expect((await readMedia(db.database, id))?.derivatives).toEqual([]);
});

test.each([
  ['of another media object', (id: string) => processed(id, 'high', 'webp', randomUUID())],
  ['of its own source', (id: string) => ({ ...processed(id, 'high', 'webp'), url: `s3://x/${id}/source` })],
  [
    'outside of the storage',
    () => ({ quality: 'high', format: 'webp', url: 'https://evil.example/', size: 1 }),
  ],
])('a result that points to a key %s is a dead letter', async (_, entry) => {
  const id = await db.uploaded('image/jpeg');
  await answer(id, { success: true, processed: [entry(id)] });
  await expect.poll(() => deadLetters.some((letter) => letter.includes(id)), WITHIN).toBe(true);
  expect(await stateOf(id)).toBe('processing');
});
