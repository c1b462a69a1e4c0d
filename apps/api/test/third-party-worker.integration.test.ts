import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createResultConsumers } from '../src/background/result-consumers.ts';
import { readMedia } from '../src/media/record/media-row.ts';
import type { FieldWithKnownValues } from '../src/media/results/unknown-values.ts';
import { createTestBucket, type TestBucket } from './harness/test-bucket.ts';
import { createTestBus, logger, type TestBus } from './harness/test-bus.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

const WITHIN = { timeout: 20_000 };

/** A worker by somebody else, who has read no more than the required fields of the schemas. */
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

const stateOf = async (id: string) => (await readMedia(db.database.client, id))?.state;

const processed = (mediaId: string, quality: string, format: string, folder = mediaId) => ({
  quality,
  format,
  url: store.storage.urlOf(`${folder}/by-somebody/${quality}.${format}`),
  size: 5,
});

describe('a worker that knows the required fields alone', () => {
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
    expect(await readMedia(db.database.client, id)).toMatchObject({ kind: 'other' });
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

test('what a newer worker says is skipped and counted, the rest is applied', async () => {
  const id = await db.uploaded('audio/mpeg');
  await answer(id, { success: true, stage: 'subtitles' });
  await answer(id, {
    success: true,
    hdr: { of: 'a later release' },
    processed: [processed(id, 'ultra', 'webp'), processed(id, 'low', 'jxl')],
  });
  await expect.poll(() => stateOf(id), WITHIN).toBe('ready');
  expect(unknown.toSorted()).toEqual(['format', 'quality', 'stage']);
  expect((await readMedia(db.database.client, id))?.derivatives).toEqual([]);
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
