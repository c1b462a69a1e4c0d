import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, inject, test } from 'vitest';
import { seeded } from '../harness/seeded.ts';
import { Fleet } from '../infra/upgrade/fleet.ts';
import { checkOut, previousCommit } from '../infra/upgrade/previous-release.ts';
import { upgradeUnderLoad } from '../infra/upgrade/upgrade-under-load.ts';

let previous: string;
let fleet: Fleet;
beforeAll(async () => {
  const commit = await previousCommit();
  console.log(`from ${commit}`);
  previous = await checkOut(commit);
  fleet = await Fleet.start(inject('stack'), { DRAIN_TIME: '1s', DEV_LOGIN: 'false' }, previous);
});
afterAll(async () => {
  await fleet?.stop();
  if (previous !== undefined) await rm(previous, { recursive: true, force: true });
});

test('the release before runs on the schema of this one, and is replaced under load', async () => {
  // The schema is this release's from the start: that is when the old processes have the longest time on it.
  await upgradeUnderLoad(fleet, inject('stack'), {
    seed: seeded('upgrade').seed,
    migration: async () => undefined,
  });
}, 400_000);
