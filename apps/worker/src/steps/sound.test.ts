import { expect, it } from 'vitest';
import { aacFor } from './sound.ts';

/** What a job's folder holds besides the source. Bytes. */
const ROOM = 256 * 1024 * 1024;

it.each([60, 2_400, 7_200, 7_201, 28_800])('an m4a of %i s fits into the folder of its job', (seconds) => {
  const args = aacFor(seconds);
  const kilobits = Number.parseInt(args[args.indexOf('-b:a') + 1] ?? '', 10);
  expect((kilobits * 1_000 * seconds) / 8).toBeLessThan(ROOM);
  expect(kilobits).toBeGreaterThanOrEqual(64);
});
