import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { type OwnServers, startOwnServers } from '../harness/own-servers.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';

const MIB = 1_024 ** 2;
const TYPE = { filename: 'random.bin', filetype: 'application/octet-stream' };

let servers: OwnServers;
let system: System;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  servers = await startOwnServers(inject('stack'), ['postgres']);
  system = await startSystem(servers.env);
  world = new DrillWorld(system, servers.env);
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
  await servers?.stop();
});

test.each([
  ['stopped in order', 'SIGINT'],
  ['killed', 'SIGKILL'],
] as const)('drill 12: Postgres is %s in the middle of a PATCH', async (name, signal) => {
  const random = seeded(`drill 12, ${name}`);
  const bytes = random.bytes(random.int(10 * MIB, 20 * MIB));
  const middle = random.int(MIB, 9 * MIB);
  const { postgres } = servers.services;
  if (postgres === undefined) throw new Error('the drill has no Postgres of its own');

  const upload = await world.create('ann', { ...TYPE, bytes });
  const patch = upload.openPatch(0, bytes.length);
  await patch.write(bytes.subarray(0, middle));
  postgres.kill(signal);
  await postgres.exited;
  void patch.write(bytes.subarray(middle));
  patch.end();
  const answer = await patch.answer;
  console.log(JSON.stringify(answer));
  // Never a 204 for bytes that no database knows.
  if (answer.kind === 'answered') expect(answer.status).toBeGreaterThanOrEqual(500);
  else expect(answer.kind).toBe('broken');
  // The remaining processes report it to monitoring.
  const readiness = await fetch(`${system.adminUrls.api}/readyz`);
  expect(readiness.status).toBe(503);
  const metrics = await fetch(`${system.adminUrls.api}/metrics`);
  expect(metrics.status).toBe(200);
  const text = await metrics.text();
  expect(text).toContain('\nclaimcheck_dependency_up{dependency="database"} 0\n');
  expect(text).toContain('\nclaimcheck_dependency_up{dependency="broker"} 1\n');
  expect(text).toMatch(/^claimcheck_outbox_pending nan$/im);

  await postgres.restart();
  await world.finish('ann', upload, bytes);
  await world.send('ann', conversation, upload.id);
  await world.expectNoViolation(90_000);
});
