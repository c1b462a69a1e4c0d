import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { applyResult } from '../src/media/results/apply-result.ts';
import { callApi } from './harness/call-api.ts';
import { resultOf } from './harness/results.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';
import { settings } from './harness/test-database.ts';

const WAITERS = 2_000;
const MEDIA = 40;

let api: TestApi;
let admin: pg.Client;
const agent = new http.Agent({ keepAlive: true, maxSockets: WAITERS });
beforeAll(async () => {
  api = await startTestApi(inject('stack'));
  admin = new pg.Client({ connectionString: api.db.url });
  await admin.connect();
});
afterAll(async () => {
  agent.destroy();
  await admin?.end();
  await api?.close();
});

interface Answer {
  status: number;
  rev: number;
  at: number;
}

const poll = (id: string, rev: number, waitSeconds = 25): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const url = `${api.url}/v1/media/${id}?wait=${waitSeconds}`;
    const headers = { authorization: `Bearer ${api.tokenFor('ann')}`, 'if-none-match': `"${rev}"` };
    const request = http.get(url, { agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const at = performance.now();
        const body = text === '' ? { rev } : JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, rev: body.rev, at });
      });
    });
    request.on('error', reject);
  });

const revOf = async (id: string): Promise<number> =>
  (await api.context.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } })).rev;

const waiting = async (): Promise<number> => {
  const gauge = await api.context.metrics.longPolls.get();
  return gauge.values[0]?.value ?? 0;
};

const untilWaiting = async (count: number): Promise<void> => {
  await expect.poll(waiting, { timeout: 20_000, interval: 20 }).toBe(count);
};

/** @returns when the change was committed */
const change = async (id: string): Promise<number> => {
  await api.context.database.transaction((tx) => applyResult(tx, settings, resultOf(id, 'preview')));
  return performance.now();
};

/** Counts the statements that connections to this database started after `since`, from the server's statistics. */
const begunSince = async (since: Date): Promise<number> => {
  const { rows } = await admin.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND query_start > $1`,
    [since],
  );
  return rows[0]?.n ?? 0;
};

test(`${WAITERS} waiters ask the database nothing while nothing changes, and are answered within 50 ms`, async () => {
  const ids: string[] = [];
  while (ids.length < MEDIA) ids.push(await api.db.uploaded());
  const revs = await Promise.all(ids.map(revOf));
  const polls = ids.map((id, index) =>
    Array.from({ length: WAITERS / MEDIA }, () => poll(id, revs[index] ?? 0)),
  );
  await untilWaiting(WAITERS);

  const { rows } = await admin.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  // Not a wait for a condition: nothing may happen during this time.
  await pause(1_500);
  expect(await begunSince(rows[0]?.now ?? new Date(0))).toBe(0);

  const lateness: number[] = [];
  for (const [index, id] of ids.slice(0, 10).entries()) {
    const committed = await change(id);
    for (const answer of await Promise.all(polls[index] ?? [])) {
      expect(answer.status).toBe(200);
      expect(answer.rev).toBeGreaterThan(revs[index] ?? 0);
      lateness.push(answer.at - committed);
    }
  }
  lateness.sort((a, b) => a - b);
  const median = lateness[Math.floor(lateness.length / 2)] ?? Number.NaN;
  process.stderr.write(`long-poll: median ${median.toFixed(1)} ms, last ${lateness.at(-1)?.toFixed(1)} ms\n`);
  expect(median).toBeLessThan(50);
  for (const id of ids.slice(10)) await change(id);
  await Promise.all(polls.flat());
});

test('one read of the database answers all polls for the same media object', async () => {
  const id = await api.db.uploaded();
  const rev = await revOf(id);
  const polls = Array.from({ length: WAITERS }, () => poll(id, rev));
  await untilWaiting(WAITERS);
  const committed = await change(id);
  const answers = await Promise.all(polls);
  const last = Math.max(...answers.map(({ at }) => at)) - committed;
  process.stderr.write(`long-poll: ${WAITERS} for one, last after ${last.toFixed(0)} ms\n`);
  expect(answers.every((answer) => answer.status === 200 && answer.rev > rev)).toBe(true);
});

test('without a change: 304 in time; with another rev than it has: at once', async () => {
  const id = await api.db.uploaded();
  const rev = await revOf(id);
  const began = performance.now();
  expect(await poll(id, rev, 1)).toMatchObject({ status: 304 });
  expect(performance.now() - began).toBeGreaterThan(950);
  expect(await poll(id, rev - 1)).toMatchObject({ status: 200, rev });
  const plain = await callApi(api, 'GET', `/v1/media/${id}`, { token: api.tokenFor('ann') });
  expect(plain.headers.get('etag')).toBe(`"${rev}"`);
});

test('a waiter that leaves is forgotten', async () => {
  const id = await api.db.uploaded();
  const rev = await revOf(id);
  const leave = new AbortController();
  const left = fetch(`${api.url}/v1/media/${id}?wait=25&after_rev=${rev}`, {
    signal: leave.signal,
    headers: { authorization: `Bearer ${api.tokenFor('ann')}` },
  }).catch((error: unknown) => error);
  await untilWaiting(1);
  leave.abort();
  expect(await left).toBeInstanceOf(Error);
  await untilWaiting(0);
});
