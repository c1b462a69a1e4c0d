import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fuzz } from '../corpus/fuzz.ts';
import { HostileWorld } from '../corpus/hostile-world.ts';
import { realFiles } from '../corpus/real-files.ts';
import { seeded } from '../harness/seeded.ts';
import { soakMs } from './soak-minutes.ts';

const FILES = 2_000;

let world: HostileWorld;
beforeAll(async () => {
  world = await HostileWorld.start(inject('stack'));
});
afterAll(() => world?.stop());

test(
  `${FILES} changed files of every kind, or as many as the time allows`,
  async () => {
    const endsAt = performance.now() + soakMs();
    const isOver = () => performance.now() > endsAt;
    const summary = await fuzz(world, await realFiles(), seeded('fuzz'), { count: FILES, isOver });
    console.log(JSON.stringify(summary));
    expect(summary.files).toBeGreaterThan(0);
  },
  soakMs() + 300_000,
);
