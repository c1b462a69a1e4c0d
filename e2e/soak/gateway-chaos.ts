import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { Chatter, createRooms } from '../harness/chatter.ts';
import { CheckedMember } from '../harness/checked-member.ts';
import { expectSameAsLog } from '../harness/conversation-log.ts';
import type { GatewayFleet } from '../harness/gateway-fleet.ts';
import type { Seeded } from '../harness/seeded.ts';
import { until } from '../harness/until.ts';

export interface ChaosOptions {
  rooms: number;
  membersEach: number;
  milliseconds: number;
  random: Seeded;
}

type Fault = 'cut connections' | 'kill a gateway' | 'end a gateway' | 'kill the broker';

// Cuts are what a train does all the time; the others are a bad day of the operator's.
const FAULTS: readonly Fault[] = [
  ...Array<Fault>(6).fill('cut connections'),
  'kill a gateway',
  'end a gateway',
  'kill the broker',
];

const inflict = async (fault: Fault, fleet: GatewayFleet, random: Seeded): Promise<void> => {
  if (fault === 'cut connections') {
    fleet.balancer.cutSome(random.int(1, 40), random);
    return;
  }
  const victim = fault === 'kill the broker' ? fleet.broker : random.pick(fleet.gateways);
  if (fault !== 'end a gateway') {
    victim.kill('SIGKILL');
    await victim.exited;
  }
  // With what is still alive this is an end in order: the gateway asks its clients to move.
  await victim.restart();
};

/** Everybody follows through random faults; afterwards each has what the database has (invariant D). */
export const runGatewayChaos = async (fleet: GatewayFleet, options: ChaosOptions): Promise<void> => {
  const { random } = options;
  const rooms = await createRooms(fleet.system, options.rooms, options.membersEach);
  const members = rooms.flatMap(({ conversationId, members: users }) =>
    users.map(
      (user) =>
        new CheckedMember({ url: fleet.balancer.url, token: fleet.system.tokenFor(user), conversationId }),
    ),
  );
  const chatter = new Chatter(fleet.system, rooms, random, 20);
  const inflicted = new Map<Fault, number>();
  try {
    await until(() => members.every((member) => member.isSubscribed) || undefined, {
      withinMs: 60_000,
      what: 'all members to be subscribed',
    });
    const over = performance.now() + options.milliseconds;
    while (performance.now() < over) {
      const fault = random.pick(FAULTS);
      await inflict(fault, fleet, random);
      inflicted.set(fault, (inflicted.get(fault) ?? 0) + 1);
      await pause(random.int(0, 600));
    }
    await chatter.end();
    await expectSameAsLog(fleet.system.databaseUrl, members, 30_000);
    expect(chatter.sent).toBeGreaterThan(0);
  } finally {
    await chatter.end().catch(() => {});
    for (const member of members) member.close();
  }
  const connects = members.reduce((sum, member) => sum + member.connects, 0);
  const moves = members.reduce((sum, member) => sum + member.moves, 0);
  const faults = [...inflicted].map(([fault, count]) => `${count} × ${fault}`).join(', ');
  console.log(
    `${members.length} members, ${chatter.sent} messages, ${connects} connects, ${moves} moves; ${faults}`,
  );
};
