import { eicarTestString } from '@claimcheck/local-stack/clamav-signature';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { longestTransaction } from '../harness/longest-transaction.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const CONVERSATIONS = 2_000;
const FOLLOWED = 40;
const AT_ONCE = 8;
const LONGEST_TRANSACTION_MS = 1_000;

let system: System;
let world: DrillWorld;
const ids = Array.from({ length: CONVERSATIONS }, (_, index) => `room-${String(index).padStart(4, '0')}`);

beforeAll(async () => {
  system = await startSystem(inject('stack'), { SWEEP_INTERVAL: '1s', SWEEP_AGAIN_AFTER: '2s' });
  world = new DrillWorld(system, inject('stack'));
  const { client } = world.database;
  await client.conversation.createMany({
    data: ids.map((conversation_id) => ({ conversation_id, created_by: 'ann' })),
  });
  await client.conversation_member.createMany({
    data: ids.flatMap((conversation_id) => ['ann', 'ben'].map((user_id) => ({ conversation_id, user_id }))),
  });
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
});

/** Lists conversations whose latest event about the media object has another state. */
const behind = async (mediaObjectId: string, state: string): Promise<number> => {
  const [row] = await world.database.client.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM conversation
    WHERE NOT EXISTS (
      SELECT FROM conversation_event
      WHERE conversation_event.conversation_id = conversation.conversation_id AND type = 'media.updated'
        AND payload->'media'->>'media_object_id' = ${mediaObjectId}
        AND payload->'media'->>'state' = ${state})`;
  return row?.count ?? CONVERSATIONS;
};

const sendEverywhere = async (mediaObjectId: string): Promise<void> => {
  const left = [...ids];
  const sendSome = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await world.send('ann', id, mediaObjectId);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendSome));
};

test('drill 30: one media object in 2,000 conversations is updated, and then blocked', async () => {
  await system.apps.worker.stop();
  // A picture that is shown before the scanner's verdict.
  const bytes = Buffer.concat([await smallPhoto(), Buffer.from(eicarTestString)]);
  const id = await world.upload('ann', { bytes, filename: 'a.jpg', filetype: 'image/jpeg' });
  await sendEverywhere(id);
  for (const conversation of ids.filter((_, index) => index % (CONVERSATIONS / FOLLOWED) === 0))
    await world.follow('ben', conversation);
  const startedAt = performance.now();
  const longestMs = await longestTransaction(world.database, async () => {
    await system.restart('worker');
    await until(async () => ((await behind(id, 'blocked')) === 0 ? true : undefined), {
      withinMs: 90_000,
      what: 'every conversation to hear that it is blocked',
    });
  });
  const tookMs = Math.round(performance.now() - startedAt);
  console.log(`${CONVERSATIONS} conversations told in ${tookMs} ms, longest transaction ${longestMs} ms`);
  expect(longestMs).toBeLessThan(LONGEST_TRANSACTION_MS);
  await world.expectNoViolation();
}, 240_000);
