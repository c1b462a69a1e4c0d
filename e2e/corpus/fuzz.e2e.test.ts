import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { seeded } from '../harness/seeded.ts';
import { fuzz } from './fuzz.ts';
import { HostileWorld } from './hostile-world.ts';
import { realFiles } from './real-files.ts';

const FILES = 150;

let world: HostileWorld;
beforeAll(async () => {
  world = await HostileWorld.start(inject('stack'));
});
afterAll(() => world?.stop());

test(`${FILES} changed files of every kind: each settles, and the worker lives`, async () => {
  const summary = await fuzz(world, await realFiles(), seeded('fuzz'), { count: FILES });
  console.log(JSON.stringify(summary));
  expect(summary.files).toBe(FILES);
  // Some files are too broken, others not broken enough: with only one kind, the test would prove little.
  expect(summary.states.degraded).toBeGreaterThan(0);
  expect(summary.states.ready).toBeGreaterThan(0);
}, 300_000);
