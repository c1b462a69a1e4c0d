import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { GatewayProcess } from './support/gateway-process.ts';
import { range, type TestClient } from './support/test-client.ts';
import { someUser, TestWorld } from './support/test-world.ts';

let world: TestWorld;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await TestWorld.create();
  gateway = await world.startGateway();
});
afterAll(() => world?.close());

interface Pausable {
  ws: { pause(): void; resume(): void };
}

/** Stops reading from the network, as a phone in a tunnel does. */
const webSocketOf = (client: TestClient): Pausable['ws'] =>
  (client.socket.io.engine.transport as unknown as Pausable).ws;

const SERIES = 'claimcheck_gateway_dropped_total{reason="slow_reader"}';
const EVENT_BYTES = 7_000;
// More than the kernel buffers between two ends on one machine, plus the gateway's own limit.
const COUNT = 3_000;

test('a client that does not read is dropped; the others receive everything', async () => {
  const [ann, ben] = [someUser('ann'), someUser('ben')];
  const conversationId = await world.writer.createConversation(ann, ben);
  const reader = await world.connect(gateway, ann);
  const sleeper = await world.connect(gateway, ben);
  await reader.subscribe(conversationId, 0);
  await sleeper.subscribe(conversationId, 0);
  webSocketOf(sleeper).pause();
  await world.writer.commitMany(conversationId, COUNT, EVENT_BYTES);
  await reader.untilSeq(conversationId, COUNT, 30_000);
  expect(reader.seqs(conversationId)).toEqual(range(1, COUNT));
  await vi.waitFor(async () => expect(await gateway.metric(SERIES)).toBe(1), { timeout: 10_000 });
  webSocketOf(sleeper).resume();
  await sleeper.untilClosed();
});

/** Waits until the gateway has sent nothing for that long. */
const untilStill = async (of: GatewayProcess, interval: number): Promise<void> => {
  let last = -1;
  await vi.waitUntil(
    async () => {
      const now = await of.metric('claimcheck_gateway_deliveries_total');
      const isStill = now === last;
      last = now;
      return isStill;
    },
    { timeout: 20_000, interval },
  );
};

test('replays wait for their reader instead of dropping it', async () => {
  const user = someUser('ann');
  // Together more than the limit; each as long as a replay may be.
  const conversationIds = await Promise.all(range(1, 8).map(() => world.writer.createConversation(user)));
  for (const id of conversationIds) await world.writer.commitMany(id, 490, EVENT_BYTES);
  const dropped = await gateway.metric(SERIES);
  const client = await world.connect(gateway, user);
  const ws = webSocketOf(client);
  const answers = conversationIds.map((conversation_id) =>
    client.socket.timeout(40_000).emitWithAck('subscribe', { conversation_id, since_seq: 0 }),
  );
  await client.untilSeq(conversationIds[0] ?? '', 1);
  ws.pause();
  await untilStill(gateway, 1_500);
  // Events during the pause are not kept for it, but read again afterwards.
  for (const id of conversationIds) await world.writer.appendSmall(id);
  ws.resume();
  for (const answer of answers) expect(await answer).toMatchObject({ ok: true });
  for (const id of conversationIds) {
    await client.untilSeq(id, 491);
    expect(client.seqs(id)).toEqual(range(1, 491));
  }
  expect(await gateway.metric(SERIES)).toBe(dropped);
});

test('unread replays hold no events', async () => {
  const users = [someUser('ann'), someUser('ben')];
  // A page for each of them would be half a gigabyte.
  const fresh = await world.startGateway({ NODE_OPTIONS: '--max-old-space-size=384' });
  const conversationIds = await Promise.all(range(1, 8).map(() => world.writer.createConversation(...users)));
  for (const id of conversationIds) await world.writer.commitMany(id, 500, EVENT_BYTES);
  const clients: TestClient[] = [];
  for (const since_seq of range(1, 45))
    for (const user of users) {
      const client = await world.connect(fresh, user);
      clients.push(client);
      webSocketOf(client).pause();
      for (const conversation_id of conversationIds)
        client.socket.emit('subscribe', { conversation_id, since_seq }, () => {});
    }
  await untilStill(fresh, 1_500);
  const bystander = await world.connect(fresh, users[0] ?? '');
  expect(await bystander.subscribe(conversationIds[0] ?? '')).toEqual({ ok: true, last_seq: 500 });
  for (const client of clients) client.close();
});
