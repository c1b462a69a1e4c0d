import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createConversation } from '../src/media/messages/conversations.ts';
import { callApi } from './harness/call-api.ts';
import { readyMedia } from './harness/ready-media.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

const backend = (api: TestApi) => api.tokenFor('host', { scope: 'claimcheck:admin' });

describe('references of a host', () => {
  let api: TestApi;
  let id: string;
  beforeAll(async () => {
    api = await startTestApi(inject('stack'), { SOURCE_ACCESS: 'owner' });
    id = await readyMedia(api);
    await api.context.database.transaction((tx) =>
      createConversation(tx, { conversation_id: 'room', created_by: 'host', member_ids: ['ben'] }),
    );
  });
  afterAll(() => api?.close());

  const call = async (method: string, path: string, body?: object) => {
    const response = await callApi(api, method, path, { token: backend(api), body });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const seenByBen = async (quality = 'medium') =>
    (await callApi(api, 'GET', `/v1/media/${id}/${quality}`, { token: api.tokenFor('ben') })).status;
  const expiresAt = async () =>
    (await api.context.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } }))
      .expires_at;

  test('members see referenced media, which does not expire; without a reference it does', async () => {
    const path = `/v1/media/${id}/references/post/p.1`;
    expect(await seenByBen()).toBe(404);
    expect(await call('PUT', path, { conversation_id: 'room' })).toMatchObject({
      status: 201,
      body: { media_object_id: id, kind: 'post', ref_id: 'p.1', conversation_id: 'room' },
    });
    expect((await call('PUT', path, { conversation_id: 'room' })).status).toBe(200);
    expect(await seenByBen()).toBe(302);
    expect(await expiresAt()).toBeNull();
    expect((await call('DELETE', path)).status).toBe(204);
    const first = await expiresAt();
    expect(first).not.toBeNull();
    expect((await call('DELETE', path)).status).toBe(204);
    expect(await expiresAt()).toEqual(first);
    expect(await seenByBen()).toBe(404);
  });

  test('SOURCE_ACCESS=owner withholds the source, and what is only the source, from members', async () => {
    await call('PUT', `/v1/media/${id}/references/post/2`, { conversation_id: 'room' });
    expect([await seenByBen(), await seenByBen('source'), await seenByBen('original')]).toEqual([
      302, 403, 403,
    ]);
    const own = await callApi(api, 'GET', `/v1/media/${id}/source`, { token: api.tokenFor('ann') });
    expect(own.status).toBe(302);
  });

  test.each([
    ['a kind that is ours', 'references/message/1', { conversation_id: 'room' }, 400, 'kind'],
    ['an id that is none', 'references/post/%20', { conversation_id: 'room' }, 400, 'ref_id'],
    ['no conversation', 'references/post/3', {}, 400, 'conversation_id'],
    ['an unknown conversation', 'references/post/3', { conversation_id: 'nowhere' }, 404, 'conversation_id'],
  ])('%s is refused by name', async (_, path, body, status, field) => {
    expect(await call('PUT', `/v1/media/${id}/${path}`, body)).toMatchObject({ status, body: { field } });
  });

  test('the same reference cannot belong to two conversations', async () => {
    await api.context.database.transaction((tx) =>
      createConversation(tx, { conversation_id: 'hall', created_by: 'host', member_ids: [] }),
    );
    await call('PUT', `/v1/media/${id}/references/post/4`, { conversation_id: 'room' });
    expect(await call('PUT', `/v1/media/${id}/references/post/4`, { conversation_id: 'hall' })).toMatchObject(
      {
        status: 409,
        body: { code: 'client_key_conflict' },
      },
    );
  });
});

describe('limits of requests', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi(inject('stack'), { RATE_LIMIT_PER_MINUTE: '5', CLIENT_REPORTS_PER_MINUTE: '2' });
  });
  afterAll(() => api?.close());

  const report = (user: string, body: object = { kind: 'download', reason: 'network', status: 503 }) =>
    callApi(api, 'POST', '/v1/client-reports', { token: api.tokenFor(user), body });
  const metric = async (name: string, labels: Record<string, string>) => {
    const found = await api.context.metrics.registry.getSingleMetric(name)?.get();
    return found?.values.find((value) =>
      Object.entries(labels).every(([label, text]) => value.labels[label] === text),
    )?.value;
  };

  test('client reports are counted, and refused above the limit', async () => {
    expect((await report('ann')).status).toBe(204);
    expect(await (await report('ben', { kind: 'download', reason: 'rain' })).json()).toMatchObject({
      code: 'invalid_request',
      field: 'reason',
    });
    expect(await metric('claimcheck_client_reports_total', { kind: 'download', reason: 'network' })).toBe(1);
    expect((await report('ann')).status).toBe(204);
    const refused = await report('ann');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(await metric('claimcheck_rate_limited_total', { limit: 'client_reports' })).toBe(1);
  });

  test('a user above the limit has to wait; others and the backend do not', async () => {
    const list = (token: string) => callApi(api, 'GET', '/v1/conversations', { token });
    const answers = await Promise.all(Array.from({ length: 6 }, () => list(api.tokenFor('cy'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('ratelimit-policy')).toContain('q=5; w=60');
    expect((await list(api.tokenFor('dan'))).headers.get('ratelimit')).toMatch(/r=4; t=\d+/);
    for (const _ of Array.from({ length: 8 })) expect((await list(backend(api))).status).toBe(200);
  });
});
