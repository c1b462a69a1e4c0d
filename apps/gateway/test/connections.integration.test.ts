import { createHmac } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type GatewayProcess, runGateway } from './support/gateway-process.ts';
import { someUser, TestWorld, tokenOf } from './support/test-world.ts';

// Time for a machine that is busy with other work.
const SOON = { timeout: 10_000 };

let world: TestWorld;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await TestWorld.create();
  gateway = await world.startGateway({ MAX_SUBSCRIPTIONS_PER_SOCKET: '3' });
});
afterAll(() => world?.close());

const unsigned = () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: 'ann', exp: 4_000_000_000 })}.`;
};

describe('a connection', () => {
  test.each([
    ['no auth', undefined, 'unauthorized', 'missing'],
    ['no token', {}, 'unauthorized', 'missing'],
    ['an object as token', { token: { $gt: '' } }, 'unauthorized', 'missing'],
    ['an empty token', { token: '' }, 'unauthorized', 'missing'],
    ['garbage', { token: 'garbage' }, 'unauthorized', 'malformed'],
    ['an unsigned token', { token: unsigned() }, 'unauthorized', 'algorithm'],
    ['another secret', { token: tokenOf('ann', { secret: 'x'.repeat(32) }) }, 'unauthorized', 'signature'],
    ['a bad sub', { token: tokenOf('a.b') }, 'unauthorized', 'subject'],
    ['an expired token', { token: tokenOf('ann', { expiresIn: -10 }) }, 'token_expired', 'token_expired'],
  ])('%s is refused', async (_, auth, code, reason) => {
    const series = `claimcheck_authorization_failures_total{surface="gateway",reason="${reason}"}`;
    const before = await gateway.metric(series);
    const client = world.attempt(gateway, auth === undefined ? {} : { auth });
    const failure = await vi.waitUntil(() => client.failure, SOON);
    expect(failure.data?.code).toBe(code);
    expect(failure.message).toBe(failure.data?.message);
    expect(client.socket.connected).toBe(false);
    expect(await gateway.metric(series)).toBe(before + 1);
  });

  test('a foreign origin is refused, our own is not', async () => {
    const auth = { token: tokenOf('ann') };
    const foreign = world.attempt(gateway, { auth, extraHeaders: { Origin: 'https://evil.example' } });
    await vi.waitUntil(() => foreign.failure, SOON);
    const own = world.attempt(gateway, { auth, extraHeaders: { Origin: 'http://chat.example' } });
    await vi.waitUntil(() => own.socket.connected, SOON);
  });

  test('a user, and an address, may have their maximum of connections and no more', async () => {
    const own = await world.startGateway({ MAX_CONNECTIONS_PER_USER: '2', MAX_CONNECTIONS_PER_ADDRESS: '4' });
    const [ann, ben] = [someUser('ann'), someUser('ben')];
    const first = await world.connect(own, ann);
    await world.connect(own, ann);
    const third = world.attempt(own, { auth: { token: tokenOf(ann) } });
    const failure = await vi.waitUntil(() => third.failure, SOON);
    expect(failure.data?.code).toBe('rate_limited');
    third.close();
    await world.connect(own, ben);
    first.close();
    const again = await vi.waitFor(() => world.connect(own, ann), SOON);
    await world.connect(own, ben);
    const fifth = world.attempt(own, { auth: { token: tokenOf(someUser('eve')) } });
    expect((await vi.waitUntil(() => fifth.failure, SOON)).message).toContain('websocket error');
    expect(
      await own.metric('claimcheck_gateway_dropped_total{reason="too_many_connections"}'),
    ).toBeGreaterThan(1);
    expect(again.socket.connected).toBe(true);
  });

  test('HTTP long-polling is refused', async () => {
    const response = await fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling`);
    expect(response.status).toBe(400);
    expect((await fetch(`${gateway.url}/socket.io/socket.io.js`)).status).toBe(400);
    expect((await fetch(`${gateway.url}/`)).status).toBe(404);
  });

  test('a client that does not authenticate in time is disconnected', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    await closed;
  }, 15_000);
});

describe('the end of a session', () => {
  test('comes with the token, after a warning', async () => {
    const user = someUser('ann');
    const client = await world.connect(gateway, user, tokenOf(user, { expiresIn: 3 }));
    const [warning] = await client.untilNamed('session.expiring');
    expect(Date.parse(String(warning?.expires_at))).toBeGreaterThan(Date.now());
    expect(await client.untilClosed()).toBe('io server disconnect');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(String(warning?.expires_at)));
  });

  test('moves with a fresh token of the same user only', async () => {
    const user = someUser('ann');
    const expiresIn = 4;
    const other = await world.connect(gateway, user, tokenOf(user, { expiresIn }));
    const client = await world.connect(gateway, user, tokenOf(user, { expiresIn }));
    expect(await client.request('auth:refresh', { token: tokenOf('somebody-else') })).toMatchObject({
      error: { code: 'forbidden' },
    });
    expect(await client.request('auth:refresh', { token: 'garbage' })).toMatchObject({
      error: { code: 'unauthorized' },
    });
    expect(await client.request('auth:refresh', { token: tokenOf(user) })).toEqual({ ok: true });
    await other.untilClosed();
    expect(await client.request('unsubscribe', { conversation_id: 'any' })).toEqual({ ok: true });
  });
});

describe('what clients send', () => {
  const malformed: [string, string, unknown[]][] = [
    ['nothing', 'subscribe', []],
    ['null', 'subscribe', [null]],
    ['a string', 'subscribe', ['c1']],
    ['an operator as id', 'subscribe', [{ conversation_id: { not: '' } }]],
    ['a wildcard', 'subscribe', [{ conversation_id: '>' }]],
    ['a negative seq', 'subscribe', [{ conversation_id: 'c1', since_seq: -1 }]],
    ['a seq beyond integers', 'subscribe', [{ conversation_id: 'c1', since_seq: 1e300 }]],
    ['a list of since', 'subscribe:all', [{ since: [1] }]],
    ['a bad id in since', 'subscribe:all', [{ since: { 'a.b': 1 } }]],
    ['no conversation', 'unsubscribe', [{}]],
    ['no token', 'auth:refresh', [{ token: 7 }]],
    ['an unknown request', 'shutdown', [{}]],
    ['an error event', 'error', [{}]],
  ];

  test.each(malformed)('%s is answered as invalid: %s', async (_, name, args) => {
    const client = await world.connect(gateway, someUser('ann'));
    const answer = await client.request(name, ...args);
    expect(answer).toMatchObject({ error: { code: 'invalid_request' } });
    expect(JSON.stringify(answer)).not.toMatch(/node_modules|\.ts/);
    expect(client.socket.connected).toBe(true);
  });

  test('requests without a callback do no harm', async () => {
    const user = someUser('ann');
    const conversationId = await world.writer.createConversation(user);
    const client = await world.connect(gateway, user);
    const untyped = client.socket as unknown as { emit(name: string, ...args: unknown[]): void };
    for (const [, name, args] of malformed) untyped.emit(name, ...args);
    untyped.emit('subscribe', { conversation_id: conversationId });
    await vi.waitFor(async () => {
      await world.writer.appendSmall(conversationId);
      expect(client.seqs(conversationId).length).toBeGreaterThan(0);
    }, SOON);
  });

  const binaries: [
    string,
    (socket: {
      emit(name: string, value: unknown): unknown;
      io: { engine: { write(data: Buffer): unknown } };
    }) => unknown,
  ][] = [
    ['an attachment', (socket) => socket.emit('subscribe', Buffer.from([1, 2, 3]))],
    ['a nested attachment', (socket) => socket.emit('anything', { picture: Buffer.alloc(100) })],
    ['a bare frame', (socket) => socket.io.engine.write(Buffer.from([1, 2, 3]))],
  ];

  test.each(binaries)('%s that is binary ends the connection and is counted', async (_, send) => {
    const before = await gateway.metric('claimcheck_gateway_binary_frames_total');
    const client = await world.connect(gateway, someUser('ann'));
    send(client.socket as unknown as Parameters<typeof send>[0]);
    await client.untilClosed();
    expect(await gateway.metric('claimcheck_gateway_binary_frames_total')).toBe(before + 1);
  });

  test('a frame of 17 KiB ends the connection and is counted', async () => {
    const series = 'claimcheck_gateway_dropped_total{reason="oversize_frame"}';
    const before = await gateway.metric(series);
    const client = await world.connect(gateway, someUser('ann'));
    client.socket.emit('auth:refresh', { token: 'x'.repeat(17 * 1024) }, () => {});
    await client.untilClosed();
    expect(await gateway.metric(series)).toBe(before + 1);
  });

  test('a flood of packets ends the connection and is counted', async () => {
    const series = 'claimcheck_gateway_dropped_total{reason="rate_limited"}';
    const before = await gateway.metric(series);
    const client = await world.connect(gateway, someUser('ann'));
    for (let count = 0; count < 2_000; count += 1)
      client.socket.emit('unsubscribe', { conversation_id: 'c1' }, () => {});
    await client.untilClosed();
    expect(await gateway.metric(series)).toBe(before + 1);
  });

  test('one socket may have its maximum of subscriptions and no more', async () => {
    const user = someUser('ann');
    const client = await world.connect(gateway, user);
    const ids = [];
    for (let count = 0; count < 4; count += 1) ids.push(await world.writer.createConversation(user));
    const [first = '', , , last = ''] = ids;
    for (const id of ids.slice(0, 3)) expect(await client.subscribe(id)).toEqual({ ok: true, last_seq: 0 });
    expect(await client.subscribe(last)).toMatchObject({ error: { code: 'too_large' } });
    // Again is not more.
    expect(await client.subscribe(first)).toEqual({ ok: true, last_seq: 0 });
    await client.request('unsubscribe', { conversation_id: first });
    expect(await client.subscribe(last)).toEqual({ ok: true, last_seq: 0 });
  });

  test('a page of refusals is answered in full, with the longest possible ids', async () => {
    const user = someUser('ann');
    const client = await world.connect(gateway, user);
    for (let count = 0; count < 3; count += 1)
      await client.subscribe(await world.writer.createConversation(user));
    const ids = Array.from({ length: 50 }, (_, index) => `z${String(index).padStart(63, '0')}`);
    const answer = await client.request('subscribe:all', {
      since: Object.fromEntries(ids.map((id) => [id, 0])),
      after: 'y',
    });
    for (const id of ids) expect(answer).toHaveProperty(['conversations', id, 'error', 'code'], 'too_large');
  });

  test('a second CONNECT on one connection makes no second socket', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const messages: string[] = [];
    socket.addEventListener('message', ({ data }) => messages.push(String(data)));
    await vi.waitUntil(() => messages.length === 1, SOON);
    const connect = `40${JSON.stringify({ token: tokenOf(someUser('ann')) })}`;
    socket.send(connect);
    socket.send(connect);
    let isClosed = false;
    socket.addEventListener('close', () => {
      isClosed = true;
    });
    // The second meets the first either during its check (CONNECT_ERROR), or connected (the connection is closed).
    const answers = (kind: string) => messages.filter((message) => message.startsWith(kind)).length;
    await vi.waitUntil(() => answers('40') > 0 && (answers('44') > 0 || isClosed), SOON);
    expect(answers('40')).toBe(1);
    socket.close();
  });
});

describe('the process', () => {
  test('is alive and ready', async () => {
    expect((await gateway.admin('/healthz')).status).toBe(200);
    expect(await gateway.admin('/readyz')).toMatchObject({ status: 200 });
  });

  test('names every problem of its configuration, no value, and exits with 78', async () => {
    const secret = createHmac('sha256', 'x').update('y').digest('hex').slice(0, 20);
    const { code, output } = await runGateway({
      APP_NAME: 'a.b',
      GATEWAY_PORT: 'many',
      AUTH_JWT_SECRET: secret,
      AUTH_JWKS_URL: 'https://keys.example/jwks.json',
      CORS_ORIGINS: 'chat.example',
    });
    expect(code).toBe(78);
    const names = [
      'APP_NAME',
      'GATEWAY_PORT',
      'AUTH_JWT_SECRET',
      'CORS_ORIGINS',
      'DATABASE_URL',
      'NATS_URL',
      'PUBLIC_URL',
    ];
    for (const name of names) expect(output).toContain(`  ${name}`);
    expect(output).not.toContain(secret);
    expect(output).not.toContain('.ts');
  });

  test('lets go of everything that belonged to a connection', async () => {
    const own = await world.startGateway();
    const user = someUser('ann');
    const conversations = [
      await world.writer.createConversation(user),
      await world.writer.createConversation(user),
    ];
    const clients = await Promise.all([1, 2, 3].map(() => world.connect(own, user)));
    for (const client of clients) {
      for (const id of conversations) await client.subscribe(id, 0);
      await client.subscribe('no-such-conversation', 0);
    }
    expect(await own.metric('claimcheck_gateway_connections')).toBe(3);
    expect(await own.metric('claimcheck_gateway_feeds')).toBe(2);
    for (const client of clients) client.close();
    await vi.waitFor(async () => expect(await own.metric('claimcheck_gateway_connections')).toBe(0), SOON);
    expect(await own.metric('claimcheck_gateway_feeds')).toBe(0);
  });

  test('ends on SIGTERM: sockets are closed, the exit code is 0', async () => {
    const own = await world.startGateway();
    const client = await world.connect(own, someUser('ann'));
    const ended = own.stop('SIGTERM');
    const [asked] = await client.untilNamed('session.moving');
    expect(asked?.closes_in_ms).toBeLessThan(2_000);
    expect(await ended).toBe(0);
    await client.untilClosed();
  });

  test('tokens never reach its log', async () => {
    const token = tokenOf(someUser('ann'));
    await (await world.connect(gateway, 'ann', token)).request('auth:refresh', { token });
    const [, , signature = ''] = token.split('.');
    expect(jwt.decode(token)).not.toBeNull();
    expect(gateway.output).not.toContain(signature);
  });
});
