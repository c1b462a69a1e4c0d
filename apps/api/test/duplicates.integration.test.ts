import { createHash, randomUUID } from 'node:crypto';
import { authorizeUploadSchema } from '@claimcheck/contracts/rest';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { authorizeUpload } from '../src/media/uploads/authorize-upload.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { resultOf } from './harness/results.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

const authorize = (owner: string, sha256: string, more: object = {}) => {
  const input = authorizeUploadSchema.parse({
    client_media_id: randomUUID(),
    filename: 'a.jpg',
    content_type: 'image/jpeg',
    size_bytes: 1_000,
    sha256,
    protocols: ['put'],
    ...more,
  });
  return db.database.transaction((tx) => authorizeUpload(tx, settings, owner, input));
};

/** @param sha256 as the worker computes it; undefined for a worker that computes none */
const process = async (id: string, sha256?: string): Promise<void> => {
  await db.database.transaction((tx) => finalizeUpload(tx, settings, id, 1_000));
  for (const stage of ['preview', 'scan', 'final'] as const) {
    const result = { ...resultOf(id, stage), ...(sha256 === undefined ? {} : { sha256 }) };
    await db.database.transaction((tx) => applyResult(tx, settings, result));
  }
};

const stored = async (owner: string, hash: string, counted: string | undefined = hash): Promise<string> => {
  const { media } = await authorize(owner, hash);
  await process(media.media_object_id, counted);
  return media.media_object_id;
};

test('bytes that this owner has already stored get another name, and are not requested again', async () => {
  const hash = hashOf('one');
  const id = await stored('ann', hash);
  const name = { client_media_id: 'second-name' };
  const again = await authorize('ann', hash, name);
  expect([again.media.media_object_id, again.session.phase, again.created, again.duplicate]).toEqual([
    id,
    'complete',
    true,
    true,
  ]);
  const repeated = await authorize('ann', hash, name);
  expect([repeated.media.media_object_id, repeated.created, repeated.duplicate]).toEqual([id, false, false]);
  const { bytes, open_uploads } = await db.database.client.user_usage.findUniqueOrThrow({
    where: { owner_user_id: 'ann' },
  });
  expect([bytes, open_uploads], 'counted once').toEqual([1_000n, 0]);
});

test('bytes of other users are never revealed', async () => {
  const hash = hashOf('two');
  const id = await stored('ann', hash);
  const other = await authorize('ben', hash);
  expect(other.media.media_object_id).not.toBe(id);
  expect([other.session.phase, other.duplicate]).toEqual(['open', false]);
});

test('only a worker’s hash counts: a client’s claim is not enough', async () => {
  const hash = hashOf('three');
  const uncounted = await authorize('cid', hash);
  expect((await authorize('cid', hash)).duplicate, 'not uploaded yet').toBe(false);
  await process(uncounted.media.media_object_id);
  expect((await authorize('cid', hash)).duplicate, 'a worker that counts nothing').toBe(false);
});

test('bytes of another size, or of media that is gone, do not count', async () => {
  const hash = hashOf('four');
  const id = await stored('dan', hash);
  expect((await authorize('dan', hash, { size_bytes: 999 })).duplicate).toBe(false);
  await db.database.transaction((tx) => deleteMedia(tx, settings, id, 'dan'));
  expect((await authorize('dan', hash)).duplicate).toBe(false);
});

test('an unreferenced duplicate gets its full time again', async () => {
  const hash = hashOf('five');
  const id = await stored('eve', hash);
  const where = { media_object_id: id };
  await db.database.client.media_object.update({ where, data: { expires_at: new Date(Date.now() + 1_000) } });
  expect((await authorize('eve', hash)).duplicate).toBe(true);
  const { expires_at } = await db.database.client.media_object.findUniqueOrThrow({ where });
  expect(expires_at?.getTime()).toBeGreaterThan(Date.now() + settings.orphanTtlMs - 60_000);
});

test('another user’s conversation is refused before any lookup', async () => {
  const hash = hashOf('six');
  await stored('fay', hash);
  await expect(authorize('fay', hash, { conversation_id: 'nowhere' })).rejects.toMatchObject({
    problem: { code: 'not_found', field: 'conversation_id' },
  });
});

test('a key whose upload started with another protocol is refused with that protocol', async () => {
  const name = { client_media_id: 'one-way' };
  await authorize('gil', hashOf('seven'), name);
  await expect(authorize('gil', hashOf('seven'), { ...name, protocols: ['tus'] })).rejects.toMatchObject({
    problem: { code: 'client_key_conflict', field: 'protocols' },
  });
});
