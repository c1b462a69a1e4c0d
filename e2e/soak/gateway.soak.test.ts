import { afterAll, beforeAll, inject, test } from 'vitest';
import { type GatewayFleet, startGatewayFleet } from '../harness/gateway-fleet.ts';
import { seeded } from '../harness/seeded.ts';
import { runGatewayChaos } from './gateway-chaos.ts';
import { soakMs } from './soak-minutes.ts';

let fleet: GatewayFleet;
beforeAll(async () => {
  fleet = await startGatewayFleet(inject('stack'), { DRAIN_TIME: '2s' });
});
afterAll(() => fleet?.stop());

test(
  '200 members see every change once and in order, whatever happens to gateways and broker',
  () =>
    runGatewayChaos(fleet, {
      rooms: 20,
      membersEach: 10,
      milliseconds: soakMs(),
      random: seeded('gateway'),
    }),
  soakMs() + 300_000,
);
