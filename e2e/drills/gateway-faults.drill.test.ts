import { afterAll, beforeAll, inject, test } from 'vitest';
import { type GatewayFleet, startGatewayFleet } from '../harness/gateway-fleet.ts';
import { seeded } from '../harness/seeded.ts';
import { runGatewayChaos } from '../soak/gateway-chaos.ts';

let fleet: GatewayFleet;
beforeAll(async () => {
  fleet = await startGatewayFleet(inject('stack'), { DRAIN_TIME: '2s' });
});
afterAll(() => fleet?.stop());

test(
  'random disconnects, gateway kills and broker kills for a minute: no gap, no repeat, in order',
  () =>
    runGatewayChaos(fleet, {
      rooms: 20,
      membersEach: 10,
      milliseconds: 60_000,
      random: seeded('gateway faults'),
    }),
  180_000,
);
