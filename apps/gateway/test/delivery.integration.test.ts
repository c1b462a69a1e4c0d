import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GatewayProcess } from './support/gateway-process.ts';
import { range } from './support/test-client.ts';
import { someUser, TestWorld } from './support/test-world.ts';

let world: TestWorld;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await TestWorld.create();
  gateway = await world.startGateway();
});
afterAll(() => world?.close());

const setUp = async (...names: string[]) => {
  const users = names.map(someUser);
  const conversationId = await world.writer.createConversation(...users);
  const clients = await Promise.all(users.map((user) => world.connect(gateway, user)));
  return { users, conversationId, clients };
};

const first = <Value>(values: Value[]): Value => {
  const [value] = values;
  if (value === undefined) throw new Error('there is none');
  return value;
};

/** The api's log entry when ann sends: with the key that her client chose. */
const messageOf = (conversationId: string, sender: string) => ({
  message_id: randomUUID(),
  conversation_id: conversationId,
  seq: 1,
  sender_user_id: sender,
  client_message_id: 'phone-1',
  message_type: 'text' as const,
  body: 'hello',
  created_at: '2026-11-20T12:00:00.000Z',
});

describe('the key of a message', () => {
  const keysOf = ({ received }: Awaited<ReturnType<TestWorld['connect']>>) =>
    received.map(
      ({ payload }) => (payload as { message: { client_message_id?: string } }).message.client_message_id,
    );

  test('reaches all sockets of its sender and no others, live and during catch-up', async () => {
    const { users, conversationId, clients } = await setUp('ann', 'ben');
    const [ann = '', ben = ''] = users;
    const phone = await world.connect(gateway, ann);
    for (const client of [...clients, phone]) await client.subscribe(conversationId);
    await world.writer.append(conversationId, 'message.created', { message: messageOf(conversationId, ann) });
    for (const client of [...clients, phone]) await client.untilSeq(conversationId, 1);
    const late = [await world.connect(gateway, ann), await world.connect(gateway, ben)];
    for (const client of late) await client.subscribe(conversationId, 0);
    for (const client of late) await client.untilSeq(conversationId, 1);
    const keys = [...clients, phone, ...late].map(keysOf);
    expect(keys).toEqual([['phone-1'], [undefined], ['phone-1'], ['phone-1'], [undefined]]);
  });

  test('does not bring an event into a socket of its sender that is not subscribed', async () => {
    const { users, conversationId, clients } = await setUp('ann', 'ben');
    const [ann = ''] = users;
    const elsewhere = await world.connect(gateway, ann);
    const other = await world.writer.createConversation(ann);
    await elsewhere.subscribe(other);
    for (const client of clients) await client.subscribe(conversationId);
    await world.writer.append(conversationId, 'message.created', { message: messageOf(conversationId, ann) });
    for (const client of clients) await client.untilSeq(conversationId, 1);
    await world.writer.appendSmall(other);
    await elsewhere.untilSeq(other, 1);
    expect(elsewhere.seqs(conversationId)).toEqual([]);
  });
});

describe('live', () => {
  test('an event reaches every member as its name and the rest as payload', async () => {
    const { conversationId, clients } = await setUp('ann', 'ben');
    for (const client of clients)
      expect(await client.subscribe(conversationId)).toEqual({ ok: true, last_seq: 0 });
    const event = await world.writer.appendSmall(conversationId);
    for (const client of clients) {
      await client.untilSeq(conversationId, 1);
      const { type, ...payload } = event;
      expect(client.received).toEqual([{ name: type, payload }]);
    }
  });

  test('without since_seq a client receives only future events', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await world.writer.commitMany(conversationId, 5);
    expect(await client.subscribe(conversationId)).toEqual({ ok: true, last_seq: 5 });
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 6);
    expect(client.seqs(conversationId)).toEqual([6]);
  });

  test('announcements that overtake each other or repeat are delivered once and in order', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await client.subscribe(conversationId);
    const events = [];
    for (let count = 0; count < 30; count += 1) events.push(await world.writer.commitSmall(conversationId));
    for (const event of [...events.toReversed(), ...events]) world.writer.announce(event);
    await client.untilSeq(conversationId, 30);
    expect(client.seqs(conversationId)).toEqual(range(1, 30));
  });

  test('an event that was never announced arrives within two seconds', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await client.subscribe(conversationId);
    await world.writer.commitSmall(conversationId);
    await client.untilSeq(conversationId, 1, 2_000);
  });

  test('a gap before an announced event is filled at once', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await client.subscribe(conversationId);
    await world.writer.commitMany(conversationId, 120);
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 121, 2_000);
    expect(client.seqs(conversationId)).toEqual(range(1, 121));
  });

  test('progress passes through without a seq', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await client.subscribe(conversationId);
    const progress = { conversation_id: conversationId, media_object_id: randomUUID(), percent: 40 };
    world.writer.publishRaw(conversationId, JSON.stringify({ type: 'media.progress', ...progress }));
    expect(await client.untilNamed('media.progress')).toEqual([progress]);
  });

  test('a message that is not an announcement is ignored and counted', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await client.subscribe(conversationId);
    const series = 'claimcheck_gateway_dropped_total{reason="malformed_announcement"}';
    const before = await gateway.metric(series);
    for (const garbage of ['', '{', 'null', '[]', '{"type":"disconnect"}', new Uint8Array([0xff, 0x00])])
      world.writer.publishRaw(conversationId, garbage);
    await vi.waitFor(async () => expect(await gateway.metric(series)).toBe(before + 6), { timeout: 10_000 });
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 1);
    expect(client.received).toHaveLength(1);
  });

  test('an event over 8 KiB is not sent; clients get a resync', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await client.subscribe(conversationId);
    await world.writer.commitMany(conversationId, 1, 9_000);
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 2);
    expect(client.seqs(conversationId)).toEqual([2]);
    expect(client.named('resync')).toEqual([{ conversation_id: conversationId }]);
    expect(await gateway.metric('claimcheck_gateway_dropped_total{reason="oversize_event"}')).toBe(1);
  });

  test('deliveries are counted by socket', async () => {
    const { conversationId, clients } = await setUp('ann', 'ben');
    for (const client of clients) await client.subscribe(conversationId);
    const before = await gateway.metric('claimcheck_gateway_deliveries_total');
    await world.writer.appendSmall(conversationId);
    for (const client of clients) await client.untilSeq(conversationId, 1);
    expect(await gateway.metric('claimcheck_gateway_deliveries_total')).toBe(before + 2);
  });
});

describe('catch-up', () => {
  test('missed events arrive in order, before the answer', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await world.writer.commitMany(conversationId, 450);
    expect(await client.subscribe(conversationId, 20)).toEqual({ ok: true, last_seq: 450 });
    expect(client.seqs(conversationId)).toEqual(range(21, 450));
  });

  test('an answer covers events that are not announced yet', async () => {
    const { conversationId, clients } = await setUp('ann', 'ben');
    const [ann, ben] = clients;
    await ann?.subscribe(conversationId);
    for (let round = 1; round <= 5; round += 1) {
      await world.writer.commitMany(conversationId, 10);
      expect(await ben?.subscribe(conversationId, 0)).toEqual({ ok: true, last_seq: 10 * round });
    }
    // Ben's answer says nothing about Ann's socket, which has its own order.
    await ann?.untilSeq(conversationId, 50);
    expect(ann?.seqs(conversationId)).toEqual(range(1, 50));
  });

  test('no gap and no repeat while live events keep coming', async () => {
    const { users, conversationId, clients } = await setUp('ann', 'ben');
    // No socket misses more than the log replays, however fast the writers are.
    await world.writer.commitMany(conversationId, 200);
    const late = await Promise.all(range(1, 20).map(() => world.connect(gateway, first(users))));
    await first(clients).subscribe(conversationId, 0);
    let writing = true;
    let last = 200;
    const write = async () => {
      while (writing) {
        const { seq } = await world.writer.appendSmall(conversationId);
        // The two writers learn their numbers in any order.
        last = Math.max(last, seq);
      }
    };
    const writers = [write(), write()];
    // Other sockets join and leave while the conversation continues.
    const answers = await Promise.all(
      late.map((client, index) => client.subscribe(conversationId, index * 10)),
    );
    const seqsAtAnswer = answers.map((answer) => ('last_seq' in answer ? answer.last_seq : undefined));
    await vi.waitUntil(() => last > 600, { timeout: 30_000 });
    writing = false;
    await Promise.all(writers);
    for (const [index, client] of late.entries()) {
      await client.untilSeq(conversationId, last);
      expect(client.seqs(conversationId)).toEqual(range(index * 10 + 1, last));
      expect(seqsAtAnswer[index]).toBeGreaterThanOrEqual(200);
      client.close();
    }
    await first(clients).untilSeq(conversationId, last);
    expect(first(clients).seqs(conversationId)).toEqual(range(1, last));
  });

  test('a repeated subscription starts from its since_seq, and replaces the first', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await world.writer.commitMany(conversationId, 300);
    const [superseded, answer] = await Promise.all([
      client.subscribe(conversationId, 0),
      client.subscribe(conversationId, 290),
    ]);
    expect(superseded).toMatchObject({ error: { code: 'invalid_request' } });
    expect(answer).toEqual({ ok: true, last_seq: 300 });
    client.received.length = 0;
    expect(await client.subscribe(conversationId, 297)).toEqual({ ok: true, last_seq: 300 });
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 301);
    expect(client.seqs(conversationId)).toEqual([298, 299, 300, 301]);
  });

  test('a client behind the pruned log, or ahead of the database, must resync and continues live', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await world.writer.commitMany(conversationId, 50);
    await world.writer.prune(conversationId, 30);
    expect(await client.subscribe(conversationId, 29)).toEqual({ ok: true, resync: true });
    expect(await client.subscribe(conversationId, 51)).toEqual({ ok: true, resync: true });
    expect(client.seqs(conversationId)).toEqual([]);
    expect(await client.subscribe(conversationId, 30)).toEqual({ ok: true, last_seq: 50 });
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 51);
    expect(client.seqs(conversationId)).toEqual(range(31, 51));
  });

  test('a client that missed more than 500 events gets a resync at once, and live events', async () => {
    const { conversationId, clients } = await setUp('ann');
    const client = first(clients);
    await world.writer.commitMany(conversationId, 3_000);
    expect(await client.subscribe(conversationId, 2_499)).toEqual({ ok: true, resync: true });
    expect(client.seqs(conversationId)).toEqual([]);
    await world.writer.appendSmall(conversationId);
    await client.untilSeq(conversationId, 3_001);
    expect(await client.subscribe(conversationId, 2_501)).toEqual({ ok: true, last_seq: 3_001 });
    expect(client.seqs(conversationId)).toEqual([3_001, ...range(2_502, 3_001)]);
  });

  test('subscribe:all subscribes to all conversations of the user, and no others', async () => {
    const { users, conversationId, clients } = await setUp('ann');
    const client = first(clients);
    const user = first(users);
    const second = await world.writer.createConversation(user);
    const foreign = await world.writer.createConversation(someUser('eve'));
    for (const id of [conversationId, second, foreign]) await world.writer.commitMany(id, 10);
    const answer = await client.request('subscribe:all', { since: { [conversationId]: 4, [foreign]: 0 } });
    expect(answer).toMatchObject({
      ok: true,
      conversations: {
        [conversationId]: { ok: true, last_seq: 10 },
        [second]: { ok: true, last_seq: 10 },
        [foreign]: { error: { code: 'not_found' } },
      },
    });
    for (const id of [conversationId, second, foreign]) await world.writer.appendSmall(id);
    await client.untilSeq(conversationId, 11);
    await client.untilSeq(second, 11);
    expect(client.seqs(conversationId)).toEqual(range(5, 11));
    expect(client.seqs(second)).toEqual([11]);
    expect(client.seqs(foreign)).toEqual([]);
  });

  test('subscribe:all answers hundreds of conversations in pages below 8 KiB', async () => {
    const user = someUser('ann');
    const ids: string[] = [];
    for (let count = 0; count < 170; count += 1) ids.push(await world.writer.createConversation(user));
    const foreign = range(1, 60).map((index) => `foreign-${'x'.repeat(50)}-${index}`);
    const client = await world.connect(gateway, user);
    const since = Object.fromEntries([...ids, ...foreign].map((id) => [id, 0]));
    const answered = new Map<string, object>();
    let pages = 0;
    for (let after: string | undefined; pages === 0 || after !== undefined; pages += 1) {
      const wanted = Object.keys(since)
        .filter((id) => after === undefined || id > after)
        .sort()
        .slice(0, 100);
      const page = Object.fromEntries(wanted.map((id) => [id, 0]));
      const answer = (await client.request('subscribe:all', { since: page, after })) as {
        conversations: Record<string, object>;
        next?: string;
      };
      expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(8_000);
      for (const [id, result] of Object.entries(answer.conversations)) answered.set(id, result);
      after = answer.next;
    }
    expect(pages).toBe(5);
    for (const id of ids) expect(answered.get(id)).toEqual({ ok: true, last_seq: 0 });
    for (const id of foreign) expect(answered.get(id)).toMatchObject({ error: { code: 'not_found' } });
    const last = ids.at(-1) ?? '';
    await world.writer.appendSmall(last);
    await client.untilSeq(last, 1);
  });

  test('after unsubscribe no event arrives', async () => {
    const { conversationId, clients } = await setUp('ann', 'ben');
    for (const client of clients) await client.subscribe(conversationId);
    const [ann, ben] = clients;
    expect(await ann?.request('unsubscribe', { conversation_id: conversationId })).toEqual({ ok: true });
    await world.writer.appendSmall(conversationId);
    await ben?.untilSeq(conversationId, 1);
    // The answer follows everything that would have been sent before it.
    await ann?.request('unsubscribe', { conversation_id: conversationId });
    expect(ann?.received).toEqual([]);
  });
});

test('two gateways deliver the same', async () => {
  const other = await world.startGateway();
  const [ann, ben] = [someUser('ann'), someUser('ben')];
  const conversationId = await world.writer.createConversation(ann, ben);
  const clients = [await world.connect(gateway, ann), await world.connect(other, ben)];
  for (const client of clients) await client.subscribe(conversationId, 0);
  for (let count = 0; count < 100; count += 1) await world.writer.appendSmall(conversationId);
  for (const client of clients) {
    await client.untilSeq(conversationId, 100);
    expect(client.seqs(conversationId)).toEqual(range(1, 100));
  }
});
