import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { metricOf } from '../harness/metric-of.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const UPLOADS = 200;
const AT_ONCE = 8;

let system: System;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { READY_DEADLINE: '2s', SWEEP_INTERVAL: '1s' });
  world = new DrillWorld(system, inject('stack'));
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
});

const decided = (decision: string) =>
  metricOf(system.adminUrls.api, 'claimcheck_sweeper_decisions_total', `"${decision}"`);

test('drill 31: workers are down for longer than every deadline, with 200 uploads waiting', async () => {
  const random = seeded('drill 31');
  await system.apps.worker.stop();
  // With a distinct head: random bytes may look like the start of a sound, and be a broken one.
  const head = Buffer.alloc(16);
  const files = Array.from({ length: UPLOADS }, () =>
    Buffer.concat([head, random.bytes(random.int(1, 5_000))]),
  );
  const uploadSome = async () => {
    for (let bytes = files.pop(); bytes !== undefined; bytes = files.pop()) {
      const id = await world.upload('ann', {
        bytes,
        filename: 'note.bin',
        filetype: 'application/octet-stream',
      });
      await world.send('ann', conversation, id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, uploadSome));
  // Each of them has passed its deadline at least twice.
  await until(async () => ((await decided('extended')) >= 2 * UPLOADS ? true : undefined), {
    withinMs: 30_000,
    what: 'the deadlines of what is queued to be extended',
  });
  await system.restart('worker');
  await world.expectNoViolation(90_000);
  const states = await world.database.client.media_object.groupBy({ by: ['state', 'epoch'], _count: true });
  expect(states, 'nothing that was queued was asked for again').toEqual([
    { state: 'ready', epoch: 1, _count: UPLOADS },
  ]);
  expect(await decided('redriven')).toBe(0);
});
