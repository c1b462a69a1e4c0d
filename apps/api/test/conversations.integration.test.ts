import { randomUUID } from 'node:crypto';
import { LIMITS } from '@claimcheck/contracts/limits';
import { createConversationSchema } from '@claimcheck/contracts/rest';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { callApi } from './harness/call-api.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(inject('stack'), { RATE_LIMIT_REQUESTS: '100000' });
});
afterAll(() => api?.close());

const MOST = 1_000;
const members = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

/** Counts the statements that `work` sends to Postgres, BEGIN and COMMIT included. */
const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const sent = vi.spyOn(pg.Client.prototype, 'query');
  await work();
  const count = sent.mock.calls.length;
  sent.mockRestore();
  return count;
};

const create = async (member_ids: string[], conversation_id = randomUUID()) => {
  const answer = await api.post('ann', '/v1/conversations', { conversation_id, member_ids });
  expect([200, 201]).toContain(answer.status);
  return JSON.parse(answer.text);
};

test('a thousand members are the most that a request may name', () => {
  const parse = (count: number) => createConversationSchema.safeParse({ member_ids: members(count) }).success;
  expect([parse(MOST), parse(MOST + 1)]).toEqual([true, false]);
  expect(LIMITS.eventBytes).toBeGreaterThan(0);
});

test('a creator makes a conversation of 1,000 in at most ten statements, each member with an event', async () => {
  const id = randomUUID();
  await create(['warm-up']);
  const few = await statementsOf(() => create(members(3)));
  expect(await statementsOf(() => create(members(MOST), id))).toBeLessThanOrEqual(10);
  expect(few).toBeLessThanOrEqual(10);
  const { client } = api.db.database;
  const events = await client.conversation_event.findMany({
    where: { conversation_id: id },
    orderBy: { seq: 'asc' },
  });
  expect(events.map(({ seq }) => Number(seq))).toEqual(
    Array.from({ length: MOST + 1 }, (_, index) => index + 1),
  );
  expect(events.map(({ payload }) => payload)).toEqual(
    ['ann', ...members(MOST)].map((user_id) => ({ user_id })),
  );
  const again = await create(members(2), id);
  expect([again.member_ids.length, again.last_seq]).toEqual([MOST + 1, MOST + 1]);
});

test('adding, removing or checking a member costs the same in a large conversation as in a small one', async () => {
  const large = randomUUID();
  const small = randomUUID();
  await create(members(MOST), large);
  await create(members(2), small);
  const path = (id: string) => `/v1/conversations/${id}/members/zoe`;
  const rowsOf = async (method: string, id: string) => {
    const sent = vi.spyOn(pg.Client.prototype, 'query');
    await callApi(api, method, path(id), { token: api.tokenFor('ann') });
    const results = await Promise.all(sent.mock.results.map(({ value }) => value as Promise<pg.QueryResult>));
    sent.mockRestore();
    return results.reduce((sum, result) => sum + (result?.rows?.length ?? 0), 0);
  };
  for (const method of ['PUT', 'DELETE'])
    expect([method, await rowsOf(method, large)]).toEqual([method, await rowsOf(method, small)]);
});
