import { afterEach, expect, test, vi } from 'vitest';
import type { ClientOptions } from './claimcheck-client.ts';
import { createClient } from './create-client.ts';
import { memoryStore } from './store/memory-store.ts';

const jwt = (claims: object) => `e30.${btoa(JSON.stringify(claims))}.signature`;
const options = (extra: object = {}): ClientOptions => ({
  baseUrl: 'http://127.0.0.1:9',
  getToken: () => jwt({ sub: 'ann' }),
  store: memoryStore(),
  onWarning: () => {},
  ...extra,
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test.each([undefined, '', 'media.example', '/api', 'ftp://media.example'])(
  'the address %j is refused, and the error suggests a valid one',
  (baseUrl) => {
    expect(() => createClient(options({ baseUrl }))).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        field: 'baseUrl',
        message: expect.stringContaining('https://media.example'),
      }),
    );
  },
);

test('a token instead of a function that returns it is refused', () => {
  expect(() => createClient(options({ getToken: 'token' }))).toThrow(
    'getToken has to be a function that returns a JWT.',
  );
});

test.each([
  ['nothing', () => undefined, /returned no token.*your backend/],
  ['an empty text', () => '', /returned no token/],
  [
    'a refusal',
    () => Promise.reject(new Error('the session is over')),
    /getToken failed: the session is over/,
  ],
])('the first call fails when getToken returns %s', async (_, getToken, words) => {
  const client = createClient(options({ getToken }));
  const listing = client.conversations.list();
  await expect(listing).rejects.toMatchObject({
    code: 'token_missing',
    message: expect.stringMatching(words),
  });
});

test('a token that is not a JWT fails: the user cannot be read from it', async () => {
  const client = createClient(options({ getToken: () => 'abc' }));
  await expect(client.userId()).rejects.toMatchObject({ code: 'token_missing' });
  expect(await createClient(options()).userId()).toBe('ann');
  expect(await createClient(options({ getToken: () => 'abc', userId: 'ben' })).userId()).toBe('ben');
});

test('an address without a server gets an error that says what to check', async () => {
  await expect(createClient(options()).conversations.list()).rejects.toMatchObject({
    code: 'network',
    retryable: true,
    detail: expect.stringMatching(/http:\/\/127\.0\.0\.1:9.*baseUrl.*CORS_ORIGINS/),
  });
});

test('an address of a web page instead of an api gets an error that says so', async () => {
  vi.stubGlobal('fetch', async () => new Response('<!doctype html><title>hello</title>'));
  await expect(createClient(options()).conversations.list()).rejects.toMatchObject({
    code: 'wrong_address',
    retryable: false,
    message: expect.stringContaining('PUBLIC_URL'),
  });
});

test('a browser that is too old gets an error that names the missing feature', () => {
  vi.stubGlobal('structuredClone', undefined);
  Reflect.deleteProperty(globalThis, 'structuredClone');
  expect(() => createClient(options())).toThrow(/too old: it lacks structuredClone.*Chrome/);
});

test('a page without https gets an error that says so', () => {
  vi.stubGlobal('crypto', {});
  expect(() => createClient(options())).toThrow(/serve it over https/);
});

test('a token that the server refuses is replaced once', async () => {
  const asked: (boolean | undefined)[] = [];
  const seen: (string | null)[] = [];
  vi.stubGlobal('fetch', async (_: URL, init: RequestInit) => {
    seen.push(new Headers(init.headers).get('authorization'));
    return seen.length === 1
      ? new Response('{"code":"token_expired"}', { status: 401 })
      : Response.json({ conversations: [] });
  });
  const client = createClient(
    options({
      userId: 'ann',
      getToken: (request?: { fresh: boolean }) => {
        asked.push(request?.fresh);
        return request?.fresh ? 'new' : 'old';
      },
    }),
  );
  expect(await client.conversations.list()).toEqual([]);
  expect(seen).toEqual(['Bearer old', 'Bearer new']);
  expect(asked).toEqual([undefined, true]);
});

test.each([
  ['a token at once', 0],
  ['no token at first', 2],
])('with %s, messages from an earlier page go out before those of this one', async (_, refusals) => {
  const store = memoryStore();
  const sent: string[] = [];
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  const before = createClient(options({ store }));
  for (const text of ['one', 'two']) before.messages.send('talk', { text });
  await expect.poll(async () => (await store.list('')).length).toBe(2);
  before.close();

  vi.stubGlobal('fetch', async (_: URL, { body }: { body: string }) => {
    sent.push(JSON.parse(body).body);
    return Response.json({ conversation_id: 'talk' });
  });
  const warnings: unknown[] = [];
  let asked = 0;
  const getToken = async () => {
    asked += 1;
    if (asked <= refusals) throw new Error('no network');
    return jwt({ sub: 'ann' });
  };
  const after = createClient(
    options({ store, getToken, onWarning: (warning: unknown) => warnings.push(warning) }),
  );
  await after.messages.send('talk', { text: 'three' }).sent;
  expect(sent).toEqual(['one', 'two', 'three']);
  expect(warnings).toHaveLength(Math.min(refusals, 1));
  await expect.poll(() => store.list('')).toEqual([]);
  after.close();
});

test('a message sent while the client closes is not stored', async () => {
  const store = memoryStore();
  vi.stubGlobal('fetch', async () => Response.json({ conversation_id: 'talk' }));
  const client = createClient(options({ store }));
  const message = client.messages.send('talk', { text: 'one' });
  message.subscribe(() => message.state === 'sent' && client.close());
  await message.sent;
  await expect.poll(() => store.list('')).toEqual([]);
});

test('closing a client releases its store', () => {
  const close = vi.fn();
  const client = createClient(options({ store: { ...memoryStore(), close } }));
  client.close();
  expect(close).toHaveBeenCalledOnce();
});

test('closing a client ends its wait for a token', async () => {
  const client = createClient(options({ getToken: () => Promise.reject(new Error('no network')) }));
  client.close();
  await client.restored;
});

test('without a token every waiting message says so; stored ones appear once their user is known', async () => {
  const store = memoryStore();
  const kept = { id: 'talk', messages: [], lastSeq: 7, hasOlder: true };
  await store.set('http://127.0.0.1:9|ann|conversation|talk', kept);
  await store.set('http://127.0.0.1:9|ben|outgoing|1', { conversationId: 'talk', text: 'of another' });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  const onWarning = vi.fn();
  let isLoggedIn = false;
  const getToken = async () => {
    if (!isLoggedIn) throw new Error('the login is over');
    return jwt({ sub: 'ann' });
  };
  const client = createClient(options({ store, getToken, onWarning }));
  const first = client.messages.send('talk', { text: 'one' });
  const conversation = client.conversation('talk');
  const leave = conversation.subscribe(() => {});
  const told = { code: 'token_missing', message: expect.stringContaining('the login is over') };
  await expect.poll(() => conversation.get().error, { timeout: 5_000 }).toMatchObject(told);
  expect(conversation.get().status).toBe('loading');
  const second = client.messages.send('talk', { text: 'two' });
  for (const message of [first, second])
    expect(message.get()).toMatchObject({ state: 'waiting', error: told });
  expect(onWarning.mock.calls).toEqual([[expect.objectContaining(told)]]);

  isLoggedIn = true;
  await client.restored;
  expect(client.messages.outgoing.get()).toEqual([first, second]);
  expect(second.get().error).toBeUndefined();
  await expect
    .poll(() => conversation.get(), { timeout: 5_000 })
    .toMatchObject({ status: 'stored', lastSeq: 7 });
  leave();
  client.close();
});

test('a store that never answers keeps nothing from being sent or shown', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', async (_: URL, { method }: { method: string }) =>
    method === 'GET'
      ? Response.json({ messages: [], last_seq: 3 })
      : Response.json({ conversation_id: 'talk', seq: 4 }),
  );
  const never = () => new Promise<never>(() => {});
  const store = { keepsBlobs: true, get: never, set: never, delete: never, list: never };
  const onWarning = vi.fn();
  const client = createClient(options({ store, onWarning }));
  const message = client.messages.send('talk', { text: 'one' });
  const conversation = client.conversation('talk');
  const leave = conversation.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(1_000);
  expect(conversation.get().lastSeq).toBe(3);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(message.state).toBe('sent');
  expect(onWarning).toHaveBeenCalled();
  await client.restored;
  leave();
  client.close();
});

test('a host whose onWarning throws loses nothing else', async () => {
  const consoleWarn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('fetch', async () => Response.json({ conversation_id: 'talk' }));
  const full = new Error('full');
  const store = { ...memoryStore(), list: () => Promise.reject(full) };
  const defect = new Error('a defect of the host');
  const onWarning = () => {
    throw defect;
  };
  const client = createClient(options({ store, onWarning }));
  await client.messages.send('talk', { text: 'one' }).sent;
  await client.restored;
  expect(consoleWarn).toHaveBeenCalledWith(full, defect);
  consoleWarn.mockRestore();
  client.close();
});
