import { randomUUID } from 'node:crypto';
import { SocketFollower } from '@claimcheck/client/conversations/follow';
import { Tokens } from '@claimcheck/client/tokens';
import { Database } from '@claimcheck/database/database';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { Chatter, createRooms, type Room } from '../harness/chatter.ts';
import { CheckedMember } from '../harness/checked-member.ts';
import { expectSameAsLog } from '../harness/conversation-log.ts';
import { type GatewayFleet, startGatewayFleet } from '../harness/gateway-fleet.ts';
import { seeded } from '../harness/seeded.ts';
import { SleepingReader } from '../harness/sleeping-reader.ts';
import { until } from '../harness/until.ts';

let fleet: GatewayFleet;
beforeAll(async () => {
  fleet = await startGatewayFleet(inject('stack'), { DRAIN_TIME: '2s' });
});
afterAll(() => fleet?.stop());

const joinAll = async (rooms: readonly Room[]): Promise<CheckedMember[]> => {
  const members = rooms.flatMap(({ conversationId, members: users }) =>
    users.map(
      (user) =>
        new CheckedMember({ url: fleet.balancer.url, token: fleet.system.tokenFor(user), conversationId }),
    ),
  );
  await until(() => members.every((member) => member.isSubscribed) || undefined, {
    withinMs: 30_000,
    what: 'all members to be subscribed',
  });
  return members;
};

const metric = async (adminUrl: string, series: string): Promise<number> => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
};

test('drill 24: a gateway killed in the middle of a broadcast', async () => {
  const random = seeded('killed gateway');
  const rooms = await createRooms(fleet.system, 2, 30);
  const members = await joinAll(rooms);
  const chatter = new Chatter(fleet.system, rooms, random, 0);
  for (const gateway of fleet.gateways) {
    const { sent } = chatter;
    await until(() => (chatter.sent > sent + 50 ? true : undefined), { withinMs: 20_000, what: 'messages' });
    gateway.kill('SIGKILL');
    await gateway.exited;
    await until(() => members.every((member) => member.isSubscribed) || undefined, {
      withinMs: 20_000,
      what: 'everybody to be on the other gateway',
    });
    await gateway.restart();
  }
  await chatter.end();
  await expectSameAsLog(fleet.system.databaseUrl, members, 10_000);
  for (const member of members) member.close();
});

test('a gateway that ends in order asks its clients to move, and the SDK follows without a gap', async () => {
  const random = seeded('drain');
  const rooms = await createRooms(fleet.system, 1, 20);
  const [room] = rooms;
  if (room === undefined) throw new Error('there is no room');
  const members = await joinAll(rooms);
  const seqs: number[] = [];
  const lost: string[] = [];
  const follower = new SocketFollower(
    fleet.balancer.url,
    new Tokens(() => fleet.system.tokenFor(room.members[0] ?? '')),
    {
      onEvent: ({ seq }) => seqs.push(seq),
      onResync: () => lost.push('resync'),
      onRefused: (_, error) => lost.push(error.code),
      onConversationAdded: () => {},
      onConversationRemoved: () => {},
      onConnectionState: () => {},
    },
  );
  follower.follow(room.conversationId, 0);
  const chatter = new Chatter(fleet.system, rooms, random, 5);
  // All members have moved from the first to the second, and then back.
  for (const gateway of fleet.gateways) await gateway.restart();
  expect(members.reduce((sum, member) => sum + member.moves, 0)).toBeGreaterThanOrEqual(members.length);
  await chatter.end();
  await expectSameAsLog(fleet.system.databaseUrl, members, 10_000);
  const last = members[0]?.received.length ?? 0;
  await until(() => (seqs.length >= last ? true : undefined), { withinMs: 10_000, what: 'the SDK' });
  expect(seqs).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  expect(lost).toEqual([]);
  follower.close();
  for (const member of members) member.close();
});

test('drill 25: a client that never reads is dropped, and the others are as fast as before', async () => {
  const [room, flood] = await createRooms(fleet.system, 2, 4);
  if (room === undefined || flood === undefined) throw new Error('there are no rooms');
  const [adminUrl] = fleet.adminUrls;
  const series = 'claimcheck_gateway_dropped_total{reason="slow_reader"}';
  const before = await metric(adminUrl, series);
  // All of them on one gateway.
  const readers = room.members.map((user) => new ChatUser(fleet.system, user));
  for (const reader of readers) await reader.follow(room.conversationId, 0);
  const sleeper = await SleepingReader.connect(fleet.system.gatewayUrl, {
    token: fleet.system.tokenFor(flood.members[0] ?? ''),
    conversationId: flood.conversationId,
  });
  const [sender] = readers;
  const p95 = async (): Promise<number> => {
    const times: number[] = [];
    for (let count = 0; count < 60; count += 1) {
      const answer = await sender?.send(room.conversationId, {
        client_message_id: randomUUID(),
        message_type: 'text',
        body: 'still there?',
      });
      const sentAt = performance.now();
      const id = answer?.body.message_id;
      const arrivals = readers.map((reader) =>
        reader.event('message.created', ({ message }) => message.message_id === id),
      );
      const latest = Math.max(...(await Promise.all(arrivals)).map(({ at }) => at));
      times.push(latest - sentAt);
    }
    return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN;
  };
  const alone = await p95();
  const database = new Database({ url: fleet.system.databaseUrl, poolSize: 1 });
  // More than the kernel buffers between two ends on one machine, plus the gateway's own limit.
  await database.client.$executeRaw`
    WITH previous AS (SELECT last_seq FROM conversation WHERE conversation_id = ${flood.conversationId} FOR UPDATE),
    advanced AS (UPDATE conversation SET last_seq = last_seq + 3000 WHERE conversation_id = ${flood.conversationId})
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT ${flood.conversationId}, last_seq + number, 'message.deleted', jsonb_build_object('message',
      jsonb_build_object('message_id', gen_random_uuid(), 'body', repeat('x', 7000)))
    FROM previous, generate_series(1, 3000) AS number`;
  await database.close();
  const beside = await p95();
  await until(async () => ((await metric(adminUrl, series)) > before ? true : undefined), {
    withinMs: 30_000,
    what: 'the sleeper to be dropped',
  });
  const after = await p95();
  console.log(
    `p95 of the others: ${alone.toFixed(1)} ms before, ${beside.toFixed(1)} ms beside the sleeper, ${after.toFixed(1)} ms after it`,
  );
  // In milliseconds: no difference to a person, whatever else this machine does.
  expect(beside).toBeLessThan(alone + 250);
  expect(after).toBeLessThan(alone + 250);
  sleeper.close();
  for (const reader of readers) reader.leave();
});

test('drill 26: a removed member, or one whose token has expired, gets nothing a second later', async () => {
  const random = seeded('removal');
  const rooms = await createRooms(fleet.system, 1, 8);
  const [room] = rooms;
  if (room === undefined) throw new Error('there is no room');
  const { conversationId, members } = room;
  const [creator = '', removed = '', expiring = ''] = members;
  const direct = (token: string, url: string) => SleepingReader.connect(url, { token, conversationId });
  const removedOnes: SleepingReader[] = [];
  const expiringOnes: SleepingReader[] = [];
  for (const url of [fleet.system.gatewayUrl, fleet.balancer.url, fleet.balancer.url]) {
    removedOnes.push(await direct(fleet.system.tokenFor(removed), url));
    expiringOnes.push(await direct(fleet.system.tokenFor(expiring, { expiresIn: 4 }), url));
  }
  const expiresAt = performance.now() + 4_000;
  for (const reader of [...removedOnes, ...expiringOnes]) reader.wake();
  const chatter = new Chatter(fleet.system, [{ conversationId, members: members.slice(3) }], random, 5);
  const hasHeard = () =>
    [...removedOnes, ...expiringOnes].every((reader) => reader.arrivals.length > 0) || undefined;
  await until(hasHeard, { withinMs: 10_000, what: 'everybody to hear something' });
  const admin = new ChatUser(fleet.system, creator);
  const path = `/v1/conversations/${conversationId}/members/${removed}`;
  expect((await admin.fetch(path, { method: 'DELETE' })).status).toBeLessThan(300);
  const removedAt = performance.now();
  // Searches for late events for twice as long as one may take, while the conversation continues.
  const enough = Math.max(removedAt, expiresAt) + 3_000;
  await until(() => performance.now() > enough || undefined, { withinMs: 10_000, what: 'time to pass' });
  await chatter.end();
  const tooLate = (reader: SleepingReader, end: number) => reader.arrivals.filter((at) => at > end + 1_000);
  for (const reader of removedOnes) expect(tooLate(reader, removedAt)).toEqual([]);
  for (const reader of expiringOnes) expect(tooLate(reader, expiresAt)).toEqual([]);
  expect(chatter.sent).toBeGreaterThan(100);
  for (const reader of [...removedOnes, ...expiringOnes]) reader.close();
});
