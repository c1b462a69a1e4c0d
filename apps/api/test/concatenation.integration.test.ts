import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { keysBelow } from './harness/test-storage.ts';
import { TusClient } from './harness/tus-client.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
});
afterAll(() => api?.close());

const sessionOf = (id: string, { db } = api) =>
  db.database.client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });

const usageOf = async (owner_user_id: string, { db } = api) => {
  const row = await db.database.client.user_usage.findUnique({ where: { owner_user_id } });
  return { bytes: Number(row?.bytes ?? 0), open: row?.open_uploads ?? 0 };
};

const stored = async (id: string, { context } = api) =>
  buffer((await context.storage.get(`${id}/source`)).body);

const name = (client_media_id: string) => ({ client_media_id });

test('a name that belongs to another unfinished upload is a conflict, and nothing is written there', async () => {
  const ann = new TusClient(api, 'ann');
  const authorized = await api.post('ann', '/v1/media', {
    ...name('x'),
    filename: 'a.bin',
    content_type: 'application/octet-stream',
    size_bytes: 1,
  });
  expect(authorized.status).toBe(201);
  const { media_object_id } = JSON.parse(authorized.text).media;
  const piece = await ann.piece(randomBytes(300_000));
  expect(await ann.join([piece], name('x'))).toMatchObject({ status: 409, code: 'client_key_conflict' });
  expect(await sessionOf(media_object_id)).toMatchObject({ phase: 'open', offset: 0n, s3_upload_id: null });
  expect(await usageOf('ann')).toEqual({ bytes: 300_001, open: 1 });
  // Of the same length, but another upload.
  const one = await ann.piece(randomBytes(1));
  expect(await ann.join([one], name('x'))).toMatchObject({ status: 409, code: 'client_key_conflict' });
});

test('a join repeated under its name, even at the same time, gives the same upload', async () => {
  const ben = new TusClient(api, 'ben');
  const bytes = randomBytes(700_000);
  const pieces = [await ben.piece(bytes.subarray(0, 400_000)), await ben.piece(bytes.subarray(400_000))];
  const join = () => ben.join(pieces, name('photo'));
  const answers = await Promise.all([join(), join(), join()]);
  expect(answers.map(({ status, offset }) => [status, offset])).toEqual(answers.map(() => [201, 700_000]));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(await join()).toMatchObject({ status: 201, id: answers[0]?.id });
  expect(await stored(answers[0]?.id ?? '')).toEqual(bytes);
  expect(await usageOf('ben')).toEqual({ bytes: 700_000, open: 0 });
});

test('a join repeated without a name finds the pieces gone, and is charged nothing', async () => {
  const cid = new TusClient(api, 'cid');
  const piece = await cid.piece(randomBytes(300_000));
  expect((await cid.join([piece])).status).toBe(201);
  expect(await cid.head(piece)).toMatchObject({ status: 410 });
  expect(await cid.join([piece])).toMatchObject({ status: 410, code: 'upload_gone' });
  expect(await usageOf('cid')).toEqual({ bytes: 300_000, open: 0 });
});

test.each([
  ['large enough to be copied', 'dan', 6 * 1_024 ** 2],
  ['read and written again', 'dora', 300_000],
])('a join with a piece that the storage lost, %s, gets 410 and ends the upload', async (_, user, size) => {
  const dan = new TusClient(api, user);
  const pieces = [await dan.piece(randomBytes(size)), await dan.piece(randomBytes(10))];
  await api.context.storage.deletePrefix(`${pieces[0]}/`);
  expect(await dan.join(pieces, name('lost'))).toMatchObject({ status: 410, code: 'upload_gone' });
  expect(await usageOf(user)).toEqual({ bytes: 0, open: 0 });
  expect(await dan.join(pieces, name('lost'))).toMatchObject({ status: 410 });
});

test('a repeated join resumes or restarts what a dead request left; no multipart upload stays', async () => {
  // The first is the piece's own.
  const failing = await startTestApi(inject('stack'), { FAILPOINT: 'upload.before_complete:error@2' });
  try {
    const eve = new TusClient(failing, 'eve');
    const bytes = randomBytes(300_000);
    const pieces = [await eve.piece(bytes)];
    const join = () => eve.join(pieces, name('crash'));
    const { status } = await join();
    expect(status).toBeGreaterThanOrEqual(500);
    const { upload_id } = await failing.db.database.client.upload_session.findFirstOrThrow({
      where: { is_partial: false },
    });
    expect(await sessionOf(upload_id, failing)).toMatchObject({ phase: 'completing', offset: 300_000n });
    // As if it had died a little earlier, before its parts were recorded.
    await failing.db.database.client.upload_part.deleteMany({ where: { upload_id } });
    await failing.db.database.client.upload_session.update({
      where: { upload_id },
      data: { phase: 'open', offset: 0 },
    });
    expect(await eve.patch(upload_id, 0, bytes)).toMatchObject({ status: 403, code: 'tus_protocol' });
    const aborted = await sessionOf(upload_id, failing);
    expect(await join()).toMatchObject({ status: 201, id: upload_id, offset: 300_000 });
    expect(await stored(upload_id, failing)).toEqual(bytes);
    const { s3_upload_id } = aborted;
    expect(await failing.context.storage.multipart.isOpen(`${upload_id}/source`, s3_upload_id ?? '')).toBe(
      false,
    );
    expect(await keysBelow(failing.context.storage, `${upload_id}/`)).toEqual([`${upload_id}/source`]);
  } finally {
    await failing.close();
  }
});

test.each(['completing', 'open'] as const)(
  'the same request finishes an upload that was left with all bytes in parts (%s)',
  async (phase) => {
    const failing = await startTestApi(inject('stack'), { FAILPOINT: 'upload.before_complete:error@2' });
    try {
      const fay = new TusClient(failing, 'fay');
      const bytes = randomBytes(300_000);
      const pieces = [await fay.piece(bytes)];
      expect((await fay.join(pieces, name('crash'))).status).toBeGreaterThanOrEqual(500);
      await failing.db.database.client.upload_session.updateMany({
        where: { is_partial: false },
        data: { phase },
      });
      const { status, id } = await fay.join(pieces, name('crash'));
      expect(status).toBe(201);
      expect(await stored(id, failing)).toEqual(bytes);
      expect(await usageOf('fay', failing)).toEqual({ bytes: 300_000, open: 0 });
    } finally {
      await failing.close();
    }
  },
);
