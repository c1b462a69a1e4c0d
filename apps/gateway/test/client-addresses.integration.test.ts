import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GatewayProcess } from './support/gateway-process.ts';
import type { TestClient } from './support/test-client.ts';
import { someUser, TestWorld, tokenOf } from './support/test-world.ts';

// Time for a machine that is busy with other work.
const SOON = { timeout: 10_000 };
const OF_ONE_ADDRESS = 2;
const TOO_MANY = 'claimcheck_gateway_dropped_total{reason="too_many_connections"}';

let world: TestWorld;
let direct: GatewayProcess;
let proxied: GatewayProcess;

beforeAll(async () => {
  world = await TestWorld.create();
  const env = { MAX_CONNECTIONS_PER_ADDRESS: String(OF_ONE_ADDRESS) };
  [direct, proxied] = await Promise.all([
    world.startGateway(env),
    world.startGateway({ ...env, TRUSTED_PROXY_HOPS: '1' }),
  ]);
});
afterAll(() => world?.close());

/** A client as its proxy forwards it: all of them come from this machine's one address. */
const arrive = (gateway: GatewayProcess, forwarded: string | undefined): TestClient =>
  world.attempt(gateway, {
    auth: { token: tokenOf(someUser('ann')) },
    ...(forwarded === undefined ? {} : { extraHeaders: { 'X-Forwarded-For': forwarded } }),
  });

const isLetIn = async (client: TestClient): Promise<boolean> => {
  await vi.waitUntil(() => client.socket.connected || client.failure, SOON);
  return client.socket.connected;
};

/** Counts how many of these are admitted, one after the other; then all leave. */
const countLetIn = async (gateway: GatewayProcess, forwarded: (string | undefined)[]): Promise<number> => {
  const clients: TestClient[] = [];
  let count = 0;
  for (const header of forwarded) {
    const client = arrive(gateway, header);
    clients.push(client);
    if (await isLetIn(client)) count += 1;
  }
  for (const client of clients) client.close();
  const connections = () => gateway.metric('claimcheck_gateway_connections');
  await vi.waitFor(async () => expect(await connections()).toBe(0), SOON);
  return count;
};

const addressOf = async (gateway: GatewayProcess, forwarded?: string): Promise<unknown> => {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const response = await fetch(`${gateway.url}/address`, { headers });
  expect(response.headers.get('cache-control')).toBe('no-store');
  return response.json();
};

describe('behind one proxy', () => {
  test('two clients have separate limits, and regain released slots', async () => {
    const before = await proxied.metric(TOO_MANY);
    const ann = [arrive(proxied, '192.0.2.1'), arrive(proxied, '192.0.2.1')];
    for (const client of ann) expect(await isLetIn(client)).toBe(true);
    expect(await isLetIn(arrive(proxied, '192.0.2.1'))).toBe(false);
    const ben = [arrive(proxied, '192.0.2.2'), arrive(proxied, '192.0.2.2')];
    for (const client of ben) expect(await isLetIn(client)).toBe(true);
    expect(await proxied.metric(TOO_MANY)).toBe(before + 1);
    ann[0]?.close();
    await vi.waitFor(async () => expect(await isLetIn(arrive(proxied, '192.0.2.1'))).toBe(true), SOON);
    expect(await isLetIn(arrive(proxied, '192.0.2.2'))).toBe(false);
  });

  test.each([
    ['a client’s own entries change nothing', [1, 2, 3, 4].map((n) => `198.51.100.${n}, 203.0.113.1`)],
    ['a network of IPv6 is one client', [1, 2, 3, 4].map((n) => `2001:db8:1:2:${n}::${n}`)],
    ['a client without it counts by its connection', [undefined, '', 'unknown', undefined]],
  ])('%s', async (_, forwarded) => {
    const fresh = await world.startGateway({
      MAX_CONNECTIONS_PER_ADDRESS: String(OF_ONE_ADDRESS),
      TRUSTED_PROXY_HOPS: '1',
    });
    expect(await countLetIn(fresh, forwarded)).toBe(OF_ONE_ADDRESS);
  });

  test('each client gets the address that it counts for', async () => {
    expect(await addressOf(proxied, '192.0.2.1')).toEqual({ address: '192.0.2.1' });
    expect(await addressOf(proxied, '198.51.100.7, 192.0.2.1')).toEqual({ address: '192.0.2.1' });
    expect(await addressOf(proxied, '2001:db8:1:2::9')).toEqual({ address: '2001:db8:1:2::/64' });
    expect(await addressOf(proxied)).toEqual({ address: '127.0.0.1' });
  });
});

describe('without a proxy', () => {
  test('the header changes nothing: no client can forge it', async () => {
    expect(await countLetIn(direct, ['192.0.2.1', '192.0.2.2', '192.0.2.3', undefined])).toBe(OF_ONE_ADDRESS);
    expect(await addressOf(direct, '192.0.2.1')).toEqual({ address: '127.0.0.1' });
  });

  test('no other path answers', async () => {
    expect((await fetch(`${direct.url}/address`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${direct.url}/address/1`)).status).toBe(404);
    expect((await fetch(`${direct.url}/address?a=b`)).status).toBe(200);
  });
});
