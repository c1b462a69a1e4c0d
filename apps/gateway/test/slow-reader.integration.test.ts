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
// More than what the kernel buffers between two ends on one machine, plus what the gateway lets wait.
const COUNT = 3_000;

test('who does not read is dropped; the others get everything', async () => {
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
  await vi.waitFor(async () => expect(await gateway.metric(SERIES)).toBe(1));
  webSocketOf(sleeper).resume();
  await sleeper.untilClosed();
});

test('a replay waits for its reader instead of dropping it', async () => {
  const user = someUser('ann');
  const conversationId = await world.writer.createConversation(user);
  await world.writer.commitMany(conversationId, COUNT, EVENT_BYTES);
  const dropped = await gateway.metric(SERIES);
  const client = await world.connect(gateway, user);
  const ws = webSocketOf(client);
  const answer = client.socket
    .timeout(40_000)
    .emitWithAck('subscribe', { conversation_id: conversationId, since_seq: 0 });
  await client.untilSeq(conversationId, 1);
  ws.pause();
  const delivered = 'claimcheck_gateway_deliveries_total';
  // Until the gateway has stopped sending: the same count twice, a while apart.
  let last = -1;
  await vi.waitUntil(
    async () => {
      const now = await gateway.metric(delivered);
      const isStill = now === last;
      last = now;
      return isStill;
    },
    { timeout: 20_000, interval: 250 },
  );
  ws.resume();
  expect(await answer).toEqual({ ok: true, last_seq: COUNT });
  expect(client.seqs(conversationId)).toEqual(range(1, COUNT));
  expect(await gateway.metric(SERIES)).toBe(dropped);
});
