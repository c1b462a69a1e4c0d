import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHttp } from './http.ts';
import { retryUntilAborted } from './retry.ts';
import { Tokens } from './tokens.ts';

const MINUTE_MS = 60_000;
let isLoggedIn: boolean;
let requests: number;

beforeEach(() => {
  vi.useFakeTimers();
  isLoggedIn = false;
  requests = 0;
  vi.stubGlobal('fetch', async () => {
    requests += 1;
    return isLoggedIn ? Response.json({}) : new Response('{"code":"token_expired"}', { status: 401 });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Starts `count` callers of a service that refuses every token. */
const refusedCallers = (count: number, deadToken: () => string) => {
  const asked = { fresh: 0 };
  const tokens = new Tokens((request) => {
    if (request?.fresh) asked.fresh += 1;
    return isLoggedIn ? 'alive' : deadToken();
  });
  const http = createHttp('http://127.0.0.1:9', tokens);
  const { signal } = new AbortController();
  const calls = Array.from({ length: count }, () =>
    retryUntilAborted(() => http.request('GET', '/v1/conversations'), { signal, tokens }),
  );
  return { asked, done: Promise.all(calls) };
};

test.each([
  ['the same dead token', () => 'dead'],
  ['another dead token each time', () => crypto.randomUUID()],
])(
  'an hour without a login: a host that returns %s is asked seldom, and all callers recover',
  async (_, deadToken) => {
    const { asked, done } = refusedCallers(5, deadToken);
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(asked.fresh).toBeGreaterThan(2);
    expect(asked.fresh).toBeLessThan(8);
    await vi.advanceTimersByTimeAsync(59 * MINUTE_MS);
    expect(asked.fresh).toBeLessThan(40);
    expect(requests).toBeLessThan(asked.fresh * 5 * 2 + 10);
    isLoggedIn = true;
    await vi.advanceTimersByTimeAsync(6 * MINUTE_MS);
    await done;
  },
);

test('a token that another call obtained wakes everything that waits for a login', async () => {
  let token = 'dead';
  const tokens = new Tokens(() => token);
  const http = createHttp('http://127.0.0.1:9', tokens);
  const { signal } = new AbortController();
  const call = () => http.request('GET', '/v1/conversations');
  const waiting = retryUntilAborted(call, { signal, tokens });
  await vi.advanceTimersByTimeAsync(30 * MINUTE_MS);
  token = 'alive';
  isLoggedIn = true;
  await call();
  await vi.advanceTimersByTimeAsync(10);
  await waiting;
});

test('requests refused at the same time ask the host once', async () => {
  let fresh = 0;
  const tokens = new Tokens(async (request) => {
    if (!request?.fresh) return isLoggedIn ? 'new' : 'old';
    fresh += 1;
    isLoggedIn = true;
    return 'new';
  });
  const http = createHttp('http://127.0.0.1:9', tokens);
  await Promise.all(Array.from({ length: 10 }, () => http.request('GET', '/v1/conversations')));
  expect(fresh).toBe(1);
});
