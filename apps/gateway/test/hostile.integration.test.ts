import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { GatewayProcess } from './support/gateway-process.ts';
import { RawConnection } from './support/raw-connection.ts';
import { range, type TestClient } from './support/test-client.ts';
import { someUser, TestWorld, tokenOf } from './support/test-world.ts';

const MIB = 1_024 * 1_024;
// Time for a machine that is busy with other work.
const SOON = { timeout: 10_000 };
const MAX_GROWTH = 128 * MIB;

let world: TestWorld;
let gateway: GatewayProcess;
let bystander: TestClient;
let conversationId: string;
let seq = 0;
let memoryBefore: number;
const opened: RawConnection[] = [];

const memory = () => gateway.metric('process_resident_memory_bytes');

beforeAll(async () => {
  world = await TestWorld.create();
  gateway = await world.startGateway();
  const user = someUser('bystander');
  conversationId = await world.writer.createConversation(user);
  bystander = await world.connect(gateway, user);
  await bystander.subscribe(conversationId, 0);
});
afterAll(() => world?.close());

beforeEach(async () => {
  memoryBefore = await memory();
});

// After each attack: the process is the same, other clients are served at once, and memory is bounded.
afterEach(async () => {
  seq = (await world.writer.appendSmall(conversationId)).seq;
  await bystander.untilSeq(conversationId, seq, 5_000);
  expect(bystander.seqs(conversationId)).toEqual(range(1, seq));
  expect(bystander.closed).toBeUndefined();
  expect((await memory()) - memoryBefore).toBeLessThan(MAX_GROWTH);
  expect((await gateway.admin('/healthz')).status).toBe(200);
  for (const connection of opened.splice(0)) connection.close();
});

const upgraded = async (): Promise<RawConnection> => {
  const connection = RawConnection.webSocket(gateway.port);
  opened.push(connection);
  await vi.waitUntil(() => connection.isUpgraded, SOON);
  return connection;
};

const untilClosed = (connection: RawConnection, timeout = 10_000) =>
  vi.waitUntil(() => connection.isClosed, { timeout });

const frames: [string, Buffer][] = [
  ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
  ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a frame without a mask', Buffer.from([0x81, 0x01, 0x32])],
  ['a length of 2^63', Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['a length of 1 GiB', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0])],
  ['text that is not UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])],
  ['a continuation of nothing', Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
  ['a ping of 126 bytes', Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)])],
  ['a close with half a code', Buffer.from([0x88, 0x81, 0, 0, 0, 0, 0x03])],
  ['noise', Buffer.concat([Buffer.from([0xff]), randomBytes(4_096)])],
];

test.each(frames)('raw frames: %s ends its own connection', async (_, frame) => {
  const connection = await upgraded();
  connection.write(frame);
  await untilClosed(connection);
});

test('raw frames: fragments without an end do not gather', async () => {
  const connection = await upgraded();
  connection.sendText('4', 0x01);
  for (let count = 0; count < 100 && !connection.isClosed; count += 1)
    connection.sendText('x'.repeat(1_000), 0x00);
  await untilClosed(connection);
});

const packets: [string, string][] = [
  ['nothing', ''],
  ['an unknown engine packet', '9'],
  ['an upgrade', '5'],
  ['a message without a packet', '4'],
  ['an unknown packet', '49'],
  ['an event before CONNECT', '42["subscribe",{"conversation_id":"c1"}]'],
  ['half a CONNECT', '40{"token":'],
  ['a CONNECT with a list', '40[1,2]'],
  ['a CONNECT to another namespace', '40/admin,{"token":"x"}'],
  ['a namespace that is a path', `40/${'../'.repeat(500)},`],
  ['an acknowledgement of nothing', '43999[]'],
  ['attachments', '451-["subscribe",{"_placeholder":true,"num":0}]'],
  ['ten million attachments', '4510000000-["x",{"_placeholder":true,"num":0}]'],
  ['an id beyond integers', `42${'9'.repeat(400)}["subscribe",{}]`],
  ['deep nesting', `42["subscribe",${'['.repeat(5_000)}${']'.repeat(5_000)}]`],
  ['a reserved event', '42["disconnect"]'],
  ['an event that is a number', '42[1]'],
  ['a prototype', '42["__proto__",{"__proto__":{"conversation_id":"c1"}}]'],
];

test.each(packets)('malformed packets: %s harms no other client', async (_, packet) => {
  const before = await upgraded();
  before.sendText(packet);
  const after = await upgraded();
  after.sendText(`40${JSON.stringify({ token: tokenOf(someUser('eve')) })}`);
  await vi.waitUntil(() => after.received.includes('40{"sid"'), SOON);
  after.sendText(packet);
  // The connection is closed, or still answers.
  after.sendText('421["unsubscribe",{"conversation_id":"c1"}]');
  await vi.waitUntil(() => after.isClosed || after.received.includes('431[{"ok":true}]'), SOON);
});

test('10,000 subscriptions of one user: limits are answered clearly, and end with the connection', async () => {
  const user = someUser('eve');
  const client = await world.connect(gateway, user);
  const answers = await Promise.all(
    range(1, 400).map(() => client.request('subscribe', { conversation_id: `c-${randomUUID()}` })),
  );
  for (const answer of answers) expect(answer).toMatchObject({ error: { code: 'not_found' } });
  // Faster than any client may: disconnected long before ten thousand.
  for (let count = 0; count < 10_000; count += 1)
    client.socket.emit('subscribe', { conversation_id: `c-${count}`, since_seq: 0 }, () => {});
  await client.untilClosed();
  // Only the bystander's connection is left.
  await vi.waitFor(async () => expect(await gateway.metric('claimcheck_gateway_feeds')).toBe(1), SOON);
});

test('a million rooms: unknown names leave nothing behind', async () => {
  const eves = await Promise.all(range(1, 10).map(() => world.connect(gateway, someUser('eve'))));
  const page = () => Object.fromEntries(range(1, 200).map(() => [randomBytes(24).toString('base64url'), 0]));
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(eves.map((eve) => eve.request('subscribe:all', { since: page() })));
    for (const answer of answers) expect(answer).toMatchObject({ ok: true });
  }
  expect(await gateway.metric('claimcheck_gateway_feeds')).toBe(1);
  for (const eve of eves) eve.close();
});

test('half-open sockets: a client that sends nothing, or stops half-way, is disconnected', async () => {
  const silent = range(1, 200).map(() => RawConnection.open(gateway.port));
  const halfRequests = range(1, 200).map(() => RawConnection.open(gateway.port));
  const unauthenticated = range(1, 200).map(() => RawConnection.webSocket(gateway.port));
  opened.push(...silent, ...halfRequests, ...unauthenticated);
  for (const connection of halfRequests) connection.write('GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: ');
  for (const connection of [...silent, ...halfRequests, ...unauthenticated])
    await untilClosed(connection, 25_000);
}, 40_000);

test('a flood of oversize and binary frames is counted, and ends each connection', async () => {
  const series = [
    'claimcheck_gateway_dropped_total{reason="oversize_frame"}',
    'claimcheck_gateway_binary_frames_total',
  ] as const;
  const [oversize, binary] = await Promise.all(series.map((name) => gateway.metric(name)));
  const connections = await Promise.all(range(1, 40).map(() => upgraded()));
  for (const [index, connection] of connections.entries()) {
    if (index % 2 === 0) connection.sendText('4'.repeat(17_000));
    else connection.sendText('\u0001\u0002', 0x82);
  }
  for (const connection of connections) await untilClosed(connection);
  expect(await gateway.metric(series[0])).toBe((oversize ?? 0) + 20);
  expect(await gateway.metric(series[1])).toBe((binary ?? 0) + 20);
});
