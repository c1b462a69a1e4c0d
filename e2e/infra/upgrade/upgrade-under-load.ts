import { expect } from 'vitest';
import { DrillWorld } from '../../harness/drill-world.ts';
import { Seeded } from '../../harness/seeded.ts';
import { until } from '../../harness/until.ts';
import { BusyUser } from './busy-user.ts';
import type { Fleet } from './fleet.ts';

const USERS = ['ann', 'ben', 'cleo', 'dan'];

/**
 * Four people upload, send and follow while `migration` is applied and every process is replaced. No upload and no message
 * fails, every event arrives once and in order, and everything acknowledged exists.
 */
export const upgradeUnderLoad = async (
  fleet: Fleet,
  stack: Record<string, string>,
  options: { seed: string; migration: () => Promise<unknown> },
): Promise<void> => {
  const world = new DrillWorld(fleet.system, stack);
  const over = new AbortController();
  try {
    const conversation = await world.user('ann').startConversation(...USERS.slice(1));
    for (const user of USERS) await world.follow(user, conversation);
    const users = USERS.map((userId) => {
      const random = new Seeded(`${options.seed}-${userId}`);
      return new BusyUser({ world, userId, conversation, random });
    });
    const running = Promise.allSettled(users.map((user) => user.run(over.signal)));
    const done = () => users.reduce((sum, { tookMs }) => sum + tookMs.length, 0);
    /** Everything works, at this moment. */
    const some = async (what: string) => {
      const before = done();
      await until(() => (done() >= before + USERS.length ? true : undefined), { withinMs: 60_000, what });
    };
    await some('uploads before the upgrade');
    await options.migration();
    await some('uploads of old processes on the new schema');
    const ends = await fleet.rollOut();
    await some('uploads after the upgrade');
    over.abort();
    const failures = (await running).flatMap((end) =>
      end.status === 'rejected' ? [String(end.reason)] : [],
    );
    expect(failures).toEqual([]);
    expect(ends.filter(({ code }) => code !== 0)).toEqual([]);
    await world.expectNoViolation(120_000);
    const longest = Math.max(...users.flatMap(({ tookMs }) => tookMs));
    const repeated = users.reduce((sum, { repeatedMessages }) => sum + repeatedMessages, 0);
    console.log(
      `${done()} uploads with their messages, the longest ${Math.round(longest)} ms; ${repeated} messages sent again`,
    );
  } finally {
    over.abort();
    await world.close();
  }
};
