import { eicarTestString } from '@claimcheck/local-stack/clamav-signature';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { untilPaused } from '../harness/process-state.ts';
import { type Replica, startReplica } from '../harness/replica.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

let system: System;
let world: DrillWorld;
let conversation: string;
let other: Replica | undefined;

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    ACK_WAIT: '2s',
    SWEEP_INTERVAL: '1s',
    SWEEP_AGAIN_AFTER: '3s',
  });
  world = new DrillWorld(system, inject('stack'));
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
});
afterEach(async () => {
  system.apps.worker.kill('SIGCONT');
  await other?.service.stop();
  other = undefined;
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
});

/** Uploads to a worker that stops before a PUT, and lets another worker take its lease. */
const uploadToPausedWorker = async (bytes: Buffer, nth: number): Promise<string> => {
  await system.restart('worker', { FAILPOINT: `worker.before_put:pause@${nth}` });
  const id = await world.upload('ann', { bytes, filename: 'a.jpg', filetype: 'image/jpeg' });
  await world.send('ann', conversation, id);
  await untilPaused(system.apps.worker.pid);
  other = await startReplica(system, { app: 'worker' });
  return id;
};

/** Resumes the worker where it stopped, as if nothing had happened. */
const resumePausedWorker = async (): Promise<void> => {
  system.apps.worker.kill('SIGCONT');
  await until(
    async () => {
      const over = await metricOf(system.adminUrls.worker, 'claimcheck_deliveries_total');
      return over > 0 ? true : undefined;
    },
    { withinMs: 30_000, what: 'the paused worker to end its job' },
  );
};

test('drill 18: a worker is paused past its lease while another wins', async () => {
  // The preview's PUT is the first; a small photo has one more, for all qualities of one size.
  const id = await uploadToPausedWorker(await smallPhoto(), 2);
  const won = await world.user('ann').mediaIn(id, ['ready']);
  await resumePausedWorker();
  await world.expectNoViolation();
  const now = await world.user('ann').media(id);
  expect(now.rev, 'the late results changed nothing').toBe(won.rev);
  for (const { quality, width, size_bytes } of now.qualities) {
    const response = await world.user('ben').fetch(`/v1/media/${id}/${quality}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length, quality).toBe(size_bytes);
    expect((await sharp(bytes).metadata()).width, quality).toBe(width);
  }
});

test('drill 19: a worker is paused before its PUT while the media object is quarantined', async () => {
  const infected = Buffer.concat([await smallPhoto(), Buffer.from(eicarTestString)]);
  const id = await uploadToPausedWorker(infected, 1);
  await world.user('ann').mediaIn(id, ['blocked']);
  await resumePausedWorker();
  await world.expectNoViolation();
  expect(await world.user('ann').media(id)).toMatchObject({ state: 'blocked', scan_state: 'infected' });
});
