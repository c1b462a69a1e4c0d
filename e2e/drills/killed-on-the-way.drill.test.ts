import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import type { WireUpload } from '../harness/tus-wire.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;
const TYPE = { filename: 'random.bin', filetype: 'application/octet-stream' };

let system: System;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  world = new DrillWorld(system, inject('stack'));
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
  await world.markResources();
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
});

/** Uploads while the api dies at a failpoint; the client does not know how far it got. */
const uploadUntilDeath = async (failpoint: string, bytes: Buffer): Promise<WireUpload> => {
  await system.restart('api', { FAILPOINT: `${failpoint}:kill` });
  const upload = await world.create('ann', { ...TYPE, bytes });
  const answer = await upload.patch(0, bytes);
  expect(await system.apps.api.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(answer.kind, 'no client heard that it is done').toBe('broken');
  return upload;
};

test.each([
  ['drill 1: the api is killed before the Complete', 'upload.before_complete'],
  ['drill 2: the api is killed after the Complete, before the commit', 'upload.after_complete'],
  ['drill 3: the api is killed after the commit, before the publish', 'upload.after_commit'],
])('%s', async (name, failpoint) => {
  const random = seeded(name);
  // In parts, and as a single PUT.
  const files = [random.bytes(random.int(9 * MIB, 12 * MIB)), random.bytes(random.int(1, MIB))];
  const cut: { upload: WireUpload; bytes: Buffer }[] = [];
  for (const bytes of files) cut.push({ upload: await uploadUntilDeath(failpoint, bytes), bytes });
  await system.restart('api');
  await Promise.all(cut.map(({ upload, bytes }) => world.finish('ann', upload, bytes)));
  for (const { upload } of cut) await world.send('ann', conversation, upload.id);
  await world.expectNoViolation();
});

test.each([
  ['drill 8: the api is killed between a tail’s write and its row', 'upload.before_progress:kill'],
  [
    'drill 8: the api is killed before the tail that became a part is deleted',
    'upload.after_progress:kill@2',
  ],
  ['drill 8: the api is killed before the row of a multipart upload', 'upload.after_open:kill'],
])('%s', async (name, failpoint) => {
  const bytes = seeded(name).bytes(14 * MIB);
  await system.restart('api', { FAILPOINT: failpoint });
  const upload = await world.create('ann', { ...TYPE, bytes });
  // First a tail, then the bytes that complete its part.
  const first = await upload.patch(0, bytes.subarray(0, 3 * MIB));
  if (first.kind === 'answered') await upload.patch(3 * MIB, bytes.subarray(3 * MIB));
  expect(await system.apps.api.exited).toMatchObject({ signal: 'SIGKILL' });
  await system.restart('api');
  await world.finish('ann', upload, bytes);
  await world.expectNoViolation();
});

const untilPublished = () =>
  until(
    async () => {
      const waiting = await world.database.client.outbox.count({ where: { published_at: null } });
      return waiting === 0 ? true : undefined;
    },
    { withinMs: 60_000, what: 'the outbox to be empty' },
  );

test('drill 3 and drill 4: the relay is killed before the publish, and after the ack before the mark', async () => {
  const random = seeded('drills 3 and 4');
  for (const failpoint of ['relay.before_publish', 'relay.before_mark']) {
    const bytes = random.bytes(10_000);
    // Else the relay meets the failpoint with a former message, which a dead one had claimed.
    await untilPublished();
    await system.restart('api', { FAILPOINT: `${failpoint}:kill` });
    const upload = await world.create('ann', { ...TYPE, bytes });
    const answer = await upload.patch(0, bytes);
    expect(await system.apps.api.exited).toMatchObject({ signal: 'SIGKILL' });
    if (answer.kind === 'answered' && answer.status === 204) world.acknowledge('ann', upload.id, bytes);
    await system.restart('api');
    if (answer.kind !== 'answered') await world.finish('ann', upload, bytes);
    await world.send('ann', conversation, upload.id);
  }
  // A dead relay's claims are free when its lease has expired.
  await world.expectNoViolation(90_000);
});
