import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { peakMib, resetPeak } from '../bench/measure/process-usage.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { seeded } from '../harness/seeded.ts';
import { hostileArchives } from './hostile-archives.ts';
import type { HostileFile } from './hostile-file.ts';
import { hostilePictures } from './hostile-pictures.ts';
import { hostileVideos } from './hostile-videos.ts';
import { HostileWorld } from './hostile-world.ts';
import { cutOff, flipBits } from './mutate.ts';
import { realFiles } from './real-files.ts';

const SCAN_LIMIT = 8 * 1_024 ** 2;
const DEADLINE_MS = 120_000;
/** Half of the chart's limit for this worker. glibc keeps memory of a large picture, so peaks of equal runs vary by 200 MiB. */
const MEMORY_CAP_MIB = 768;

let world: HostileWorld;
beforeAll(async () => {
  world = await HostileWorld.start(inject('stack'), {
    CLAMAV_MAX_BYTES: String(SCAN_LIMIT),
    READY_DEADLINE: `${DEADLINE_MS}ms`,
  });
});
afterAll(() => world?.stop());

const hostileFiles = async (): Promise<HostileFile[]> => {
  const { canaryUrl } = world.network;
  return [
    ...(await hostilePictures(await smallPhoto(), canaryUrl)),
    ...hostileVideos(await videoFile(), canaryUrl),
    ...hostileArchives(seeded('corpus'), SCAN_LIMIT),
  ];
};

/** Lists the faults of a file's outcome, in words. */
const complaint = (file: HostileFile, id: string, outcomes: Awaited<ReturnType<HostileWorld['settled']>>) => {
  const { state, scan_state, failure_code } = outcomes.get(id) ?? {};
  const isExpected =
    file.ends.some((end) => end === state) &&
    (file.code === undefined || file.code === failure_code) &&
    (file.scan === undefined || file.scan === scan_state);
  return isExpected ? [] : [`${file.name}: ${state}, ${scan_state}, ${failure_code}`];
};

test('drill 27: every hostile file comes to its end within its deadline, under the memory cap, and nobody is called', async () => {
  const files = await hostileFiles();
  const { pid } = world.system.apps.worker;
  await resetPeak(pid);
  const ids: string[] = [];
  for (const file of files) ids.push(await world.upload(file));
  const outcomes = await world.untilSettled(ids, DEADLINE_MS);

  expect(files.flatMap((file, index) => complaint(file, ids[index] ?? '', outcomes))).toEqual([]);
  const peak = await peakMib(pid);
  console.log(`${files.length} hostile files, peak ${Math.round(peak)} MiB`);
  expect(peak).toBeLessThan(MEMORY_CAP_MIB);
  expect(world.network.visits, 'connections to the canary').toBe(0);
  expect([...world.network.ports].filter((port) => !world.allowedPorts.has(port))).toEqual([]);
  expect(world.network.ports.size, 'and it was looked').toBeGreaterThan(0);
  expect(world.isWorkerUnharmed).toBe(true);
  expect(await world.unhandled()).toEqual([]);
  await world.untilTidy();
}, 240_000);

test('drill 27: files of every kind, cut off and with flipped bits, settle', async () => {
  const random = seeded('damaged files');
  const damaged = (await realFiles()).flatMap(({ filetype, bytes }) => [
    { filetype, bytes: bytes.subarray(0, Math.ceil(bytes.length / 2)) },
    { filetype, bytes: cutOff(bytes, random) },
    { filetype, bytes: flipBits(bytes, random) },
  ]);
  const ids: string[] = [];
  for (const file of damaged) ids.push(await world.upload(file));
  await world.untilSettled(ids, DEADLINE_MS);
  expect(world.network.visits).toBe(0);
  expect(world.isWorkerUnharmed).toBe(true);
  expect(await world.unhandled()).toEqual([]);
  await world.untilTidy();
}, 240_000);
