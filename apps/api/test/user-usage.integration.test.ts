import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { readAllowance, setUserLimit } from '../src/media/quota/allowance.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { authorizeUpload } from '../src/media/uploads/authorize-upload.ts';
import { createPartialUpload, createUpload } from '../src/media/uploads/create-upload.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { ProblemError } from '../src/problem-error.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

const withLimits = (userQuotaBytes: number | undefined, maxOpenUploads = 1_000): DomainConfig => ({
  ...settings,
  userQuotaBytes,
  maxOpenUploads,
});

const metadata = { filename: 'a.bin', filetype: 'application/octet-stream' };

const create = (owner_user_id: string, length: number | undefined, limits: DomainConfig, pieces?: string[]) =>
  db.database.transaction((tx) =>
    createUpload(tx, limits, {
      owner_user_id,
      length,
      part_size: 8_388_608,
      metadata,
      ...(pieces === undefined ? {} : { partials: pieces }),
    }),
  );

const usageOf = async (owner: string) => {
  const row = await db.database.client.user_usage.findUnique({ where: { owner_user_id: owner } });
  return { bytes: Number(row?.bytes ?? 0), open: row?.open_uploads ?? 0 };
};

/** Returns the codes of refusals; any other failure fails the test. */
const outcomes = async (work: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(work)).map((result) => {
    if (result.status === 'fulfilled') return 'created';
    if (result.reason instanceof ProblemError) return result.reason.problem.code;
    throw result.reason;
  });

const count = (list: string[], value: string) => list.filter((entry) => entry === value).length;

describe('twenty creations at the same time', () => {
  test('let through exactly the bytes that fit', async () => {
    const limits = withLimits(7_500);
    const answers = await outcomes(Array.from({ length: 20 }, () => create('quota', 1_000, limits)));
    expect([count(answers, 'created'), count(answers, 'quota_exceeded')]).toEqual([7, 13]);
    expect(await usageOf('quota')).toEqual({ bytes: 7_000, open: 7 });
    // The refused uploads left nothing behind.
    expect(await db.database.client.media_object.count({ where: { owner_user_id: 'quota' } })).toBe(7);
  });

  test('let through exactly as many as may be open, partial ones among them', async () => {
    const limits = withLimits(undefined, 6);
    const answers = await outcomes(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0
          ? create('cap', 1_000, limits)
          : db.database.transaction((tx) =>
              createPartialUpload(tx, limits, { owner_user_id: 'cap', length: 10, part_size: 8_388_608 }),
            ),
      ),
    );
    expect([count(answers, 'created'), count(answers, 'too_many_uploads')]).toEqual([6, 14]);
    expect((await usageOf('cap')).open).toBe(6);
  });
});

test('the same client_media_id at the same time is one upload, counted once', async () => {
  const input = {
    client_media_id: 'k',
    filename: 'a.bin',
    size_bytes: 400,
    content_type: 'application/octet-stream',
    protocols: ['tus' as const],
  };
  const authorize = (changed = {}) =>
    db.database.transaction((tx) =>
      authorizeUpload(tx, withLimits(500, 1), 'same', { ...input, ...changed }),
    );
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => authorize()));
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(answers.map(({ media }) => media.media_object_id)).size).toBe(1);
  expect(await usageOf('same')).toEqual({ bytes: 400, open: 1 });
  for (const changed of [{ size_bytes: 401 }, { content_type: 'image/png' }])
    expect(await outcomes([authorize(changed)])).toEqual(['client_key_conflict']);
  expect(await usageOf('same')).toEqual({ bytes: 400, open: 1 });
});

test('a finished upload keeps its bytes and frees its slot; a deleted one frees both, once', async () => {
  const { session } = await create('life', 1_000, settings);
  expect(await usageOf('life')).toEqual({ bytes: 1_000, open: 1 });
  const finish = () =>
    db.database.transaction((tx) => finalizeUpload(tx, settings, session.upload_id, 1_000));
  await Promise.all([finish(), finish(), finish()]);
  expect(await usageOf('life')).toEqual({ bytes: 1_000, open: 0 });
  const remove = () => db.database.transaction((tx) => deleteMedia(tx, settings, session.upload_id, 'life'));
  await Promise.all([remove(), remove(), remove()]);
  expect(await usageOf('life')).toEqual({ bytes: 0, open: 0 });
});

test('a deferred length counts when it is declared, and is refused if it does not fit', async () => {
  const limits = withLimits(1_000);
  const sessions = new UploadSessions(db.database, limits);
  const { session } = await create('deferred', undefined, limits);
  expect(await usageOf('deferred')).toEqual({ bytes: 0, open: 1 });
  const acquired = await sessions.acquire(session.upload_id);
  if (acquired === undefined) throw new Error('no other writer holds the upload');
  expect(await outcomes([sessions.setLength(acquired.lease, 1_001)])).toEqual(['quota_exceeded']);
  expect((await sessions.find(session.upload_id))?.length).toBeUndefined();
  expect(await sessions.setLength(acquired.lease, 900)).toBe(true);
  expect(await usageOf('deferred')).toEqual({ bytes: 900, open: 1 });
});

test('stored bytes of a deferred length count, even at the same time, and are refunded', async () => {
  const limits = withLimits(750);
  const sessions = new UploadSessions(db.database, limits);
  const begin = async () => {
    const { session } = await create('stores', undefined, limits);
    const acquired = await sessions.acquire(session.upload_id);
    if (acquired === undefined) throw new Error('no other writer holds the upload');
    return acquired.lease;
  };
  const leases = await Promise.all(Array.from({ length: 20 }, begin));
  const answers = await outcomes(
    leases.map((lease) => sessions.commit(lease, { offset: 100, parts: [] }, true)),
  );
  expect([count(answers, 'created'), count(answers, 'quota_exceeded')]).toEqual([7, 13]);
  expect(await usageOf('stores')).toEqual({ bytes: 700, open: 20 });
  expect(await sessions.bytesLeft('stores')).toBe(50);
  const kept = leases.filter((_, index) => answers[index] === 'created');
  const offsets = await Promise.all(
    leases.map(async ({ upload_id }) => (await sessions.find(upload_id))?.offset),
  );
  expect(offsets.filter((offset) => offset === 100)).toHaveLength(7);
  // Bytes already charged are not charged again; a writer that lost the lease writes nothing.
  const [first, second] = kept;
  if (first === undefined || second === undefined) throw new Error('nothing was kept');
  expect(await sessions.commit(first, { offset: 150, parts: [] }, true)).toBe(true);
  expect(await sessions.commit({ ...first, fencingToken: 9 }, { offset: 150, parts: [] }, true)).toBe(false);
  expect((await usageOf('stores')).bytes).toBe(750);
  expect(await sessions.setLength(first, 150)).toBe(true);
  expect((await usageOf('stores')).bytes).toBe(750);
  await db.database.transaction((tx) => deleteMedia(tx, limits, first.upload_id, 'stores'));
  await sessions.setPhase(second, 'aborted');
  expect(await usageOf('stores')).toEqual({ bytes: 500, open: 18 });
});

test('a concatenation counts once: it takes over the bytes of its pieces', async () => {
  const limits = withLimits(1_000);
  const sessions = new UploadSessions(db.database, limits);
  const pieces = await Promise.all(
    [400, 500].map(async (length) => {
      const piece = await db.database.transaction((tx) =>
        createPartialUpload(tx, limits, { owner_user_id: 'pieces', length, part_size: 8_388_608 }),
      );
      await sessions.finishPartial(piece.upload_id, length);
      return piece.upload_id;
    }),
  );
  expect(await usageOf('pieces')).toEqual({ bytes: 900, open: 0 });
  const { session } = await create('pieces', 900, limits, pieces);
  expect(await usageOf('pieces')).toEqual({ bytes: 900, open: 1 });
  await db.database.transaction((tx) => finalizeUpload(tx, limits, session.upload_id, 900));
  expect(await usageOf('pieces')).toEqual({ bytes: 900, open: 0 });
  // Joining the same pieces again makes another object.
  expect(await outcomes([create('pieces', 900, limits, pieces)])).toEqual(['quota_exceeded']);
});

test('uploads of a day are counted, pieces are not, and the next day starts from zero', async () => {
  const twice = { ...settings, maxUploadsPerDay: 2 };
  await create('day', 1, twice);
  await create('day', 1, twice);
  await expect(create('day', 1, twice)).rejects.toMatchObject({
    problem: { code: 'too_many_uploads_today', retry_after_ms: expect.any(Number) },
  });
  await db.database.client.$executeRaw`
    UPDATE user_usage SET day = day - 1 WHERE owner_user_id = 'day'`;
  await create('day', 1, twice);
  expect((await readAllowance(db.database, twice, 'day')).used.uploads_today).toBe(1);
});

test('an operator’s limits apply only to that user, until they are withdrawn', async () => {
  const small = withLimits(10, 1);
  await setUserLimit(db.database.client, 'vip', { quota_bytes: 1_000n, max_open_uploads: 3 });
  for (const _ of [1, 2, 3]) await create('vip', 100, small);
  await expect(create('vip', 1, small)).rejects.toMatchObject({ problem: { code: 'too_many_uploads' } });
  await expect(create('other', 100, small)).rejects.toMatchObject({ problem: { code: 'quota_exceeded' } });
  await setUserLimit(db.database.client, 'vip', { max_open_uploads: null });
  expect((await readAllowance(db.database, small, 'vip')).limits).toMatchObject({
    userQuotaBytes: 1_000,
    maxOpenUploads: 1,
  });
});
