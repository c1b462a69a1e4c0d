import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { keysBelow } from './harness/test-storage.ts';
import { TusClient } from './harness/tus-client.ts';

const QUOTA = 100_000;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'), { USER_QUOTA_BYTES: String(QUOTA) });
});
afterAll(() => api?.close());

const usedBy = async (owner_user_id: string) =>
  Number((await api.db.database.client.user_usage.findUnique({ where: { owner_user_id } }))?.bytes);

const DEFERRED = { 'upload-defer-length': '1' };

test.each([
  ['uploads', 'ann', {}],
  ['pieces', 'ben', { 'upload-concat': 'partial' }],
])('%s of unknown length store no more than the quota', async (_, user, kind) => {
  const client = new TusClient(api, user);
  const begin = async () => (await client.create({ ...DEFERRED, ...kind })).id;
  const [first, second, third] = [await begin(), await begin(), await begin()];
  const bytes = randomBytes(60_000);
  expect(await client.patch(first, 0, bytes)).toMatchObject({ status: 204, offset: 60_000 });
  expect(await usedBy(user)).toBe(60_000);
  expect(await client.patch(second, 0, bytes)).toMatchObject({ status: 413, code: 'quota_exceeded' });
  expect((await client.head(second)).offset).toBe(40_000);
  expect(await client.patch(third, 0, bytes)).toMatchObject({ status: 413, code: 'quota_exceeded' });
  expect(await keysBelow(api.context.storage, `${third}/`)).toEqual([]);
  expect(await usedBy(user)).toBe(QUOTA);
  // An upload that fits can be finished, and one that is ended frees its share.
  expect(await client.patch(second, 40_000, Buffer.alloc(0), { 'upload-length': '40000' })).toMatchObject({
    status: 204,
    offset: 40_000,
  });
  expect((await client.send('DELETE', `/v1/uploads/${first}`, {})).status).toBe(204);
  expect(await usedBy(user)).toBe(40_000);
  expect(await client.patch(third, 0, bytes)).toMatchObject({ status: 204, offset: 60_000 });
});

test('at the same time: a refused PATCH leaves no bytes that no user is charged for', async () => {
  const client = new TusClient(api, 'cid');
  const ids = await Promise.all([1, 2, 3, 4, 5].map(async () => (await client.create(DEFERRED)).id));
  const answers = await Promise.all(ids.map((id) => client.patch(id, 0, randomBytes(40_000))));
  expect(answers.map(({ status }) => status).every((status) => status === 204 || status === 413)).toBe(true);
  const offsets = await Promise.all(ids.map(async (id) => (await client.head(id)).offset));
  const sum = offsets.reduce((total, offset) => total + offset, 0);
  expect(sum).toBeLessThanOrEqual(QUOTA);
  expect(await usedBy('cid')).toBe(sum);
  const stored = async () => {
    const keys = await Promise.all(ids.map((id) => keysBelow(api.context.storage, `${id}/`)));
    return keys.map((found) => found.length > 0);
  };
  await expect.poll(stored, { timeout: 10_000 }).toEqual(offsets.map((offset) => offset > 0));
});
