import { afterAll, beforeAll, inject, test } from 'vitest';
import { seeded } from '../harness/seeded.ts';
import { Fleet } from './upgrade/fleet.ts';
import { upgradeUnderLoad } from './upgrade/upgrade-under-load.ts';
import { applyWidestExpansion } from './upgrade/widest-expansion.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(inject('stack'), { DRAIN_TIME: '1s', DEV_LOGIN: 'false' });
});
afterAll(() => fleet?.stop());

test('an upgrade under load: the widest possible migration, then every process replaced', async () => {
  await upgradeUnderLoad(fleet, inject('stack'), {
    seed: seeded('upgrade').seed,
    migration: async () => {
      console.log(`${await applyWidestExpansion(fleet.system.databaseUrl)} migrations`);
    },
  });
}, 240_000);
