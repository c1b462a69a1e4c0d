import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { SharedCounters } from '../src/request/shared-counters.ts';
import { callApi } from './harness/call-api.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

const LIMIT = 60;
const KNOWN_WITHIN = { timeout: 10_000 };

describe('two processes', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi(inject('stack'), { RATE_LIMIT_PER_MINUTE: String(LIMIT) });
  });
  afterAll(() => api?.close());

  test('learn of a user’s requests to the other one, and forget them with the minute', async () => {
    let now = Date.now();
    const clock = () => now;
    const [here, there] = [0, 1].map(() => new SharedCounters(api.context.bus, clock));
    if (here === undefined || there === undefined) throw new Error('two are needed');
    try {
      // Subscribed before the first message.
      await api.context.bus.connection.flush();
      here.add('user ann', 40, LIMIT);
      const seen = () => there.add('user ann', 0, LIMIT).totalHits;
      await expect.poll(seen, KNOWN_WITHIN).toBe(40);
      there.add('user ann', 30, LIMIT);
      await expect.poll(() => here.add('user ann', 0, LIMIT).totalHits, KNOWN_WITHIN).toBe(70);
      // Each counted its own requests once.
      expect(seen()).toBe(70);
      expect(there.add('user ben', 1, LIMIT).totalHits).toBe(1);
      now += 61_000;
      expect([here, there].map((one) => one.add('user ann', 1, LIMIT).totalHits)).toEqual([1, 1]);
    } finally {
      here.stop();
      there.stop();
    }
  });

  test('hold one user to one limit, approximately', async () => {
    const { APP_NAME = '', AUTH_JWT_SECRET = '' } = api.env;
    const other = await startTestApi(inject('stack'), {
      RATE_LIMIT_PER_MINUTE: String(LIMIT),
      APP_NAME,
      AUTH_JWT_SECRET,
    });
    try {
      const token = api.tokenFor('gus');
      const list = async (at: TestApi) =>
        (await callApi(at, 'GET', '/v1/conversations', { token })).status === 200;
      let accepted = 0;
      while (await list(api)) accepted += 1;
      expect(accepted).toBe(LIMIT);
      await expect.poll(async () => (await list(other)) === false, KNOWN_WITHIN).toBe(true);
    } finally {
      await other.close();
      // It deleted the streams of both.
      await api.context.bus.ensureStreams();
    }
  });

  test('count what makes no sense on the subject as nothing', async () => {
    const counters = new SharedCounters(api.context.bus);
    try {
      const { connection, subjects } = api.context.bus;
      const endsAt = Date.now() + 60_000;
      for (const text of ['', '{', '[]', `{"from":"x","counts":[["user eve",-5,${endsAt}]]}`])
        connection.publish(subjects.rateCounts, text);
      connection.publish(subjects.rateCounts, `{"from":"x","counts":[["user eve",5,${endsAt}]]}`);
      await expect.poll(() => counters.add('user eve', 0, LIMIT).totalHits, KNOWN_WITHIN).toBe(5);
    } finally {
      counters.stop();
    }
  });

  test('a request is charged for its items before they are processed', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    const ask = (user: string, items: number) =>
      api.post(user, '/v1/media/urls', {
        items: Array.from({ length: items }, () => ({ id, quality: 'low' })),
      });
    expect((await ask('cy', 40)).status).toBe(200);
    const refused = await ask('cy', 40);
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // More than a minute allows costs the whole minute, and can succeed.
    expect((await ask('dan', 100)).status).toBe(200);
    expect((await ask('dan', 1)).status).toBe(429);
    const list = await callApi(api, 'GET', '/v1/conversations', { token: api.tokenFor('eli') });
    expect(list.status).toBe(200);
  });

  test('a created upload counts, even without a byte', async () => {
    const create = () =>
      callApi(api, 'POST', '/v1/uploads', {
        token: api.tokenFor('flo'),
        headers: { 'tus-resumable': '1.0.0', 'upload-length': '0' },
      });
    const statuses: number[] = [];
    for (let made = 0; made < 13; made += 1) statuses.push((await create()).status);
    expect(statuses).toEqual([...Array.from({ length: 12 }, () => 201), 429]);
  });
});
