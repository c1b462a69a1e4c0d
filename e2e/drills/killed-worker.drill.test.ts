import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld, type FileOfUser } from '../harness/drill-world.ts';
import { smallPhoto, videoToTranscode } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { processesIn } from '../harness/processes-in.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

let tempDir: string;
let system: System;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  tempDir = await mkdtemp(join(tmpdir(), 'claimcheck-drill-'));
  system = await startSystem(inject('stack'), { TEMP_DIR: tempDir, ACK_WAIT: '2s' });
  world = new DrillWorld(system, inject('stack'));
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
  await world.markResources();
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
  if (tempDir !== undefined) await rm(tempDir, { recursive: true, force: true });
});

const photo = async (): Promise<FileOfUser> => ({
  bytes: await smallPhoto(),
  filename: 'a.jpg',
  filetype: 'image/jpeg',
});
const video = async (): Promise<FileOfUser> => ({
  bytes: await videoToTranscode(10),
  filename: 'a.mkv',
  filetype: 'video/x-matroska',
});

/** Sends a file to a worker that dies at the failpoint; `beforeDeath` runs meanwhile. Then starts a fresh one. */
const sendAcrossDeath = async (
  failpoint: string,
  file: FileOfUser,
  beforeDeath: () => Promise<void> = async () => {},
): Promise<string> => {
  await system.restart('worker', { FAILPOINT: `${failpoint}:kill` });
  const id = await world.upload('ann', file);
  await world.send('ann', conversation, id);
  await beforeDeath();
  expect(await system.apps.worker.exited).toMatchObject({ signal: 'SIGKILL' });
  return id;
};

/** The dead worker's request is delivered and processed again, without a second effect. */
const expectReady = async (id: string): Promise<void> => {
  await system.restart('worker');
  await until(
    async () => {
      const done = await metricOf(system.adminUrls.worker, 'claimcheck_deliveries_total', 'outcome="done"');
      return done > 0 ? true : undefined;
    },
    { withinMs: 30_000, what: 'the request to be delivered again' },
  );
  await world.expectNoViolation();
  expect(await world.user('ann').media(id)).toMatchObject({ state: 'ready' });
};

test('drill 5: the worker is killed during ffmpeg, and ffmpeg goes with it', async () => {
  const id = await sendAcrossDeath('worker.during_ffmpeg', await video(), async () => {
    await until(async () => ((await processesIn(tempDir)).length > 0 ? true : undefined), {
      withinMs: 30_000,
      what: 'ffmpeg to run in the folder of its job',
    });
  });
  await until(async () => ((await processesIn(tempDir)).length === 0 ? true : undefined), {
    withinMs: 2_000,
    what: 'ffmpeg to be gone',
  });
  await expectReady(id);
});

test.each([
  ['drill 6: the worker is killed after the PUT of a picture’s derivatives', 'worker.after_put', photo],
  ['drill 6: the worker is killed after the PUT of a video', 'worker.after_put', video],
  ['drill 7: the worker is killed after its response, before the ack', 'worker.before_ack', photo],
])('%s', async (_name, failpoint, file) => {
  await expectReady(await sendAcrossDeath(failpoint, await file()));
});
