import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Balancer } from '../harness/balancer.ts';
import { Chatter, createRooms } from '../harness/chatter.ts';
import { CheckedMember } from '../harness/checked-member.ts';
import { expectSameAsLog } from '../harness/conversation-log.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const ROOMS = 50;
const MEMBERS_EACH = 20;
const MISSED = 200;

let system: System;
let balancer: Balancer;
beforeAll(async () => {
  system = await startSystem(inject('stack'));
  balancer = await Balancer.start([system.gatewayUrl]);
});
afterAll(async () => {
  await balancer?.stop();
  await system?.stop();
});

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

test('drill 23: 1,000 sockets that return at once all catch up, without a gap or a repeat', async () => {
  const random = seeded('reconnect storm');
  const rooms = await createRooms(system, ROOMS, MEMBERS_EACH);
  const members = rooms.flatMap(({ conversationId, members: users }) =>
    users.map(
      (user) =>
        new CheckedMember({
          url: balancer.url,
          token: system.tokenFor(user),
          conversationId,
          // Harsher than any client should be: all within a fifth of a second.
          reconnectWithinMs: 200,
        }),
    ),
  );
  try {
    const allSubscribed = () => members.every((member) => member.isSubscribed) || undefined;
    await until(allSubscribed, { withinMs: 60_000, what: 'all members to be subscribed' });
    balancer.shut();
    const chatter = new Chatter(system, rooms, random, 0);
    await until(() => (chatter.sent >= MISSED ? true : undefined), { withinMs: 30_000, what: 'messages' });
    await until(() => members.every((member) => !member.isSubscribed) || undefined, {
      withinMs: 10_000,
      what: 'everybody to notice',
    });
    const openedAt = performance.now();
    balancer.open();
    await until(allSubscribed, { withinMs: 60_000, what: 'all members to be back' });
    const seconds = (performance.now() - openedAt) / 1_000;
    await chatter.end();
    await expectSameAsLog(system.databaseUrl, members, 10_000);
    const readyMs = members.map((member) => member.readyMs.at(-1) ?? Number.NaN);
    console.log(
      `all back after ${seconds.toFixed(1)} s; from connect to caught up p50 ${percentile(readyMs, 0.5).toFixed(0)} ms, p95 ${percentile(readyMs, 0.95).toFixed(0)} ms`,
    );
    // A thousand complete clients share this process and its two cores with the gateway, so the bench's figure
    // counts. Here no client may run into a time-out.
    expect(percentile(readyMs, 0.95)).toBeLessThan(10_000);
    expect(members.every((member) => member.connects === 2)).toBe(true);
  } finally {
    for (const member of members) member.close();
  }
}, 180_000);
