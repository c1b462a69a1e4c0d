import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { Toxiproxy } from '../harness/toxiproxy.ts';

const MIB = 1_024 ** 2;
/** At this rate a large object is scanned for 8 s. */
const SLOW_KIB_PER_SECOND = 256;

let proxy: Toxiproxy;
let system: System;
let ann: ChatUser;

beforeAll(async () => {
  const stack = inject('stack');
  proxy = await Toxiproxy.start();
  const link = await proxy.link('clamav', `http://${stack.CLAMAV_HOST}:${stack.CLAMAV_PORT}`);
  await link.add('slow', {
    type: 'bandwidth',
    stream: 'upstream',
    attributes: { rate_kib_per_second: SLOW_KIB_PER_SECOND },
  });
  const url = new URL(link.url);
  system = await startSystem(stack, {
    CLAMAV_HOST: url.hostname,
    CLAMAV_PORT: url.port,
    MEDIA_CONCURRENCY: '2',
    LARGE_OBJECT_BYTES: String(MIB),
  });
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await proxy?.heal();
  await system?.stop();
  await proxy?.stop();
});

test('large objects take half of the slots: a small one does not wait for them', async () => {
  const random = seeded('large objects');
  const upload = (size: number, filename: string) =>
    ann.upload({ bytes: random.bytes(size), filename, filetype: 'application/octet-stream' });
  const large = [];
  for (const name of ['one', 'two', 'three']) large.push(await upload(2 * MIB, name));
  const small = await upload(1_000, 'small');
  await ann.mediaIn(small, ['ready'], 60_000);
  const states = await Promise.all(large.map(async (id) => (await ann.media(id)).state));
  // With both slots taken by large ones, two of them would have ended first.
  expect(states.filter((state) => state === 'ready').length).toBeLessThanOrEqual(1);
  await proxy.heal();
  for (const id of large) await ann.mediaIn(id, ['ready'], 60_000);
});
