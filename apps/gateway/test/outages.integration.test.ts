import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CuttableProxy } from './support/cuttable-proxy.ts';
import type { GatewayProcess } from './support/gateway-process.ts';
import { range } from './support/test-client.ts';
import { someUser, TestWorld } from './support/test-world.ts';

let world: TestWorld;
let broker: CuttableProxy;
let database: CuttableProxy;
let gateway: GatewayProcess;

/** The same URL, through the proxy. */
const through = async (url: string): Promise<[CuttableProxy, string]> => {
  const direct = new URL(url);
  const proxy = await CuttableProxy.start({ host: direct.hostname, port: Number(direct.port) });
  direct.hostname = '127.0.0.1';
  direct.port = String(proxy.port);
  return [proxy, direct.href];
};

beforeAll(async () => {
  world = await TestWorld.create();
  const { NATS_URL = '', DATABASE_URL = '' } = world.environment();
  const [brokerProxy, natsUrl] = await through(NATS_URL);
  const [databaseProxy, databaseUrl] = await through(DATABASE_URL);
  broker = brokerProxy;
  database = databaseProxy;
  gateway = await world.startGateway({ NATS_URL: natsUrl, DATABASE_URL: databaseUrl });
});
afterAll(async () => {
  await world?.close();
  await broker?.close();
  await database?.close();
});

const setUp = async () => {
  const user = someUser('ann');
  const conversationId = await world.writer.createConversation(user);
  const client = await world.connect(gateway, user);
  await client.subscribe(conversationId, 0);
  return { user, conversationId, client };
};

const readiness = async (): Promise<{ status: number; checks: Record<string, string> }> => {
  const { status, body } = await gateway.admin('/readyz');
  return { status, checks: JSON.parse(body).checks };
};

test('without the broker events come from the log, and announcements work again after it', async () => {
  const { user, conversationId, client } = await setUp();
  await world.writer.appendSmall(conversationId);
  await client.untilSeq(conversationId, 1);
  broker.cut();
  for (let count = 0; count < 300; count += 1) await world.writer.appendSmall(conversationId);
  await client.untilSeq(conversationId, 301, 5_000);
  // A subscription made meanwhile is served, too.
  const second = await world.writer.createConversation(user);
  expect(await client.subscribe(second, 0)).toEqual({ ok: true, last_seq: 0 });
  // It serves, so it stays available to a load balancer.
  expect(await readiness()).toMatchObject({ status: 200, checks: { database: 'ok', broker: 'failing' } });
  expect(await gateway.metric('claimcheck_dependency_up{dependency="broker"}')).toBe(0);
  broker.restore();
  await vi.waitUntil(async () => (await readiness()).checks.broker === 'ok', {
    timeout: 10_000,
    interval: 100,
  });
  expect(await gateway.metric('claimcheck_dependency_up{dependency="broker"}')).toBe(1);
  // Progress is only announced: it shows that both subscriptions are back.
  for (const id of [conversationId, second]) {
    const progress = {
      type: 'media.progress',
      conversation_id: id,
      media_object_id: crypto.randomUUID(),
      percent: 1,
    };
    await vi.waitFor(() => {
      world.writer.publishRaw(id, JSON.stringify(progress));
      expect(client.named('media.progress').some((event) => event.conversation_id === id)).toBe(true);
    }, 5_000);
  }
  await world.writer.appendSmall(conversationId);
  await client.untilSeq(conversationId, 302);
  expect(client.seqs(conversationId)).toEqual(range(1, 302));
});

test('without the database live events continue, requests get an error, and gaps are filled after it', async () => {
  const { conversationId, client } = await setUp();
  database.cut();
  await world.writer.appendSmall(conversationId);
  await client.untilSeq(conversationId, 1);
  expect(await client.subscribe('another', 0)).toMatchObject({ error: { code: 'unavailable' } });
  expect(await readiness()).toMatchObject({ status: 503, checks: { database: 'failing', broker: 'ok' } });
  expect((await gateway.admin('/healthz')).status).toBe(200);
  await world.writer.commitMany(conversationId, 10);
  await world.writer.appendSmall(conversationId);
  database.restore();
  await client.untilSeq(conversationId, 12);
  expect(client.seqs(conversationId)).toEqual(range(1, 12));
  expect(await client.subscribe(conversationId, 10)).toEqual({ ok: true, last_seq: 12 });
});
