import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { UploadExpirer } from '../src/background/upload-expirer.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { resultOf } from './harness/results.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { TusClient } from './harness/tus-client.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
});
afterAll(() => api?.close());

/** Returns finished uploads by protocol, and their bytes, without zeros. */
const counted = async (): Promise<Record<string, number>> => {
  const { uploads, uploadBytes } = api.context.metrics;
  const finished = (await uploads.get()).values.filter(({ labels }) => labels.outcome === 'finished');
  const bytes = (await uploadBytes.get()).values[0]?.value ?? 0;
  const entries = finished.map(({ labels, value }) => [String(labels.protocol), value] as const);
  return Object.fromEntries([...entries, ['bytes', bytes] as const].filter(([, value]) => value > 0));
};

/** Returns the amounts that `work` adds to the counts. */
const added = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
  const before = await counted();
  await work();
  const after = Object.entries(await counted()).map(([name, value]) => [name, value - (before[name] ?? 0)]);
  return Object.fromEntries(after.filter(([, value]) => value !== 0));
};

const authorize = async (size_bytes: number, more: object = {}, headers = {}) => {
  const input = { client_media_id: randomUUID(), filename: 'a.bin', content_type: 'image/jpeg', size_bytes };
  const answer = await api.post('ann', '/v1/media', { ...input, ...more }, headers);
  return JSON.parse(answer.text);
};

test('an empty file counts once, even when its client repeats the request', async () => {
  const names = { client_media_id: randomUUID() };
  const headers = { 'idempotency-key': randomUUID() };
  const work = async () => {
    await authorize(0, names, headers);
    await authorize(0, names, headers);
    await authorize(0, names);
  };
  expect(await added(work)).toEqual({ tus: 1 });
});

test('an upload that a request finishes counts once, with its bytes', async () => {
  const ann = new TusClient(api, 'ann');
  const work = async () => {
    const { id } = await ann.create({ 'upload-length': '5' });
    await ann.patch(id, 0, randomBytes(5));
    await ann.patch(id, 5, Buffer.alloc(0));
    await ann.head(id);
  };
  expect(await added(work)).toEqual({ tus: 1, bytes: 5 });
});

test('partial uploads do not count, and the upload that joins them counts once', async () => {
  const ann = new TusClient(api, 'ann');
  const pieces: string[] = [];
  expect(
    await added(async () => pieces.push(await ann.piece(randomBytes(7)), await ann.piece(randomBytes(4)))),
  ).toEqual({});
  expect(await added(() => ann.join(pieces))).toEqual({ tus: 1, bytes: 11 });
});

test('a partial upload that the expirer finishes does not count', async () => {
  const { database, settings, storage, directUploads, logger } = api.context;
  const ann = new TusClient(api, 'ann');
  const { id } = await ann.create({ 'upload-concat': 'partial', 'upload-length': '5' });
  await storage.put(`${id}/source`, Buffer.alloc(5), { size_bytes: 5, content_type: 'image/jpeg' });
  await database.client.upload_session.update({
    where: { upload_id: id },
    data: { phase: 'completing', offset: 5, expires_at: new Date(Date.now() - 7_200_000), lease_owner: null },
  });
  const sessions = new UploadSessions(database, settings);
  await sessions.start((error) => {
    throw error;
  });
  const outcomes: string[] = [];
  const expirer = new UploadExpirer({
    database,
    sessions,
    storage,
    directUploads,
    settings,
    logger,
    everyMs: 60_000,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  expect(await added(() => expirer.runOnce())).toEqual({});
  expect(outcomes).toContain('finished');
  await sessions.stop();
});

test('bytes that are already stored count as an upload without bytes', async () => {
  const bytes = randomBytes(9);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const ann = new TusClient(api, 'ann');
  const { id } = await ann.create({ 'upload-length': '9' });
  await ann.patch(id, 0, bytes);
  const { database, settings } = api.context;
  for (const stage of ['preview', 'scan', 'final'] as const)
    await database.transaction((tx) => applyResult(tx, settings, { ...resultOf(id, stage), sha256 }));
  const linked = await added(async () =>
    expect((await authorize(9, { sha256 })).media.media_object_id).toBe(id),
  );
  expect(linked).toEqual({ none: 1 });
});
