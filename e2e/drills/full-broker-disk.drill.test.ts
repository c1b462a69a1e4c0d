import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { metricOf } from '../harness/metric-of.ts';
import { seeded } from '../harness/seeded.ts';
import { type SmallDiskNats, startSmallDiskNats } from '../harness/small-disk-nats.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const TYPE = { filename: 'a.bin', filetype: 'application/octet-stream' };

let nats: SmallDiskNats;
let system: System;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  nats = await startSmallDiskNats();
  const stack = { ...inject('stack'), NATS_URL: nats.url };
  system = await startSystem(stack, { READY_DEADLINE: '6s', SWEEP_INTERVAL: '1s', ACK_WAIT: '2s' });
  world = new DrillWorld(system, stack);
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
  await nats?.stop();
});

test('drill 20: the disk of NATS is full; uploads work, operators are alerted, all settles afterwards', async () => {
  const random = seeded('drill 20');
  const sendOne = async () => {
    const bytes = random.bytes(3_000);
    const upload = await world.create('ann', { ...TYPE, bytes });
    expect(await upload.patch(0, bytes)).toMatchObject({ kind: 'answered', status: 204 });
    world.acknowledge('ann', upload.id, bytes);
    await world.send('ann', conversation, upload.id);
  };
  await sendOne();
  await world.settle();
  await nats.fillDisk();
  const failures = () => metricOf(system.adminUrls.api, 'claimcheck_outbox_publish_failures_total');
  // Messages that fit into already allocated pages still succeed.
  await until(
    async () => {
      await sendOne();
      return (await failures()) > 0 ? true : undefined;
    },
    { withinMs: 30_000, what: 'publishes to fail' },
  );
  expect(await metricOf(system.adminUrls.api, 'claimcheck_outbox_pending')).toBeGreaterThan(0);
  await until(async () => ((await nats.isHealthy()) ? undefined : true), {
    withinMs: 15_000,
    what: 'NATS to say that it is not well',
  });
  await sendOne();

  await nats.freeDisk();
  await nats.service.restart();
  await world.expectNoViolation(90_000);
});
