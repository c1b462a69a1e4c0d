import { Database } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { startSweeper } from '../src/roles/start-sweeper.ts';
import { callApi } from './harness/call-api.ts';
import { createTalks } from './harness/talks.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { TusClient } from './harness/tus-client.ts';

// Prisma's client takes 50 MiB of a process that has run one of its queries.

let api: TestApi;
const client = vi.spyOn(Database.prototype, 'client', 'get');
beforeAll(async () => {
  api = await startTestApi(inject('stack'), { SWEEP_INTERVAL: '1s' });
});
afterAll(async () => {
  client.mockRestore();
  await api?.close();
});

test('uploads, messages, lists and downloads run without Prisma’s client', async () => {
  const talks = createTalks(api);
  const place = await talks.talk();
  const [picture] = await talks.pictures(1);
  const tus = new TusClient(api, 'ann');
  expect(await tus.create({ 'upload-length': '3' })).toMatchObject({ status: 201 });
  const key = { 'idempotency-key': uuidv7() };
  const message = { client_message_id: uuidv7(), media_object_id: picture };
  for (const headers of [{}, {}, key, key])
    expect((await api.post('ann', `${place.path}/messages`, message, headers)).status).toBeLessThan(300);
  const { body: sent } = await place.send({ body: 'only words' });
  for (const [method, path, body] of [
    ['PATCH', `${place.path}/messages/${sent.message_id}`, { body: 'other words' }],
    ['GET', `${place.path}/messages`],
    ['GET', place.path],
    ['GET', `${place.path}/events`],
    ['GET', `${place.path}/media`],
    ['GET', '/v1/conversations'],
    ['GET', `/v1/media/${picture}`],
    ['POST', '/v1/media/urls', { items: [{ id: picture, quality: 'medium' }] }],
    ['PUT', `${place.path}/members/cat`],
    ['DELETE', `${place.path}/members/cat`],
    ['DELETE', `${place.path}/messages/${sent.message_id}`],
  ] as const) {
    const { status } = await talks.call('ann', method, path, body);
    expect(status, `${method} ${path}`).toBeLessThan(300);
  }
  const token = api.tokenFor('ben');
  expect((await callApi(api, 'GET', `/v1/media/${picture}/medium`, { token })).status).toBe(302);
  expect(client).not.toHaveBeenCalled();
});

test('metrics and the sweeper run without Prisma’s client', async () => {
  const { metrics } = api.context;
  await metrics.registry.metrics();
  startSweeper(api.context, api.uploads.sessions);
  const counted = () => metrics.registry.getSingleMetricAsString('claimcheck_stored_bytes');
  await expect.poll(counted, { timeout: 30_000 }).toContain('derivative');
  expect(await metrics.registry.getSingleMetricAsString('claimcheck_sweeper_decisions_total')).not.toMatch(
    /decision="error"\} [1-9]/,
  );
  expect(client).not.toHaveBeenCalled();
});
