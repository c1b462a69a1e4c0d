import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eicarTestString } from '@claimcheck/local-stack/clamav-signature';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DrillWorld } from '../harness/drill-world.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { type OwnServers, startOwnServers } from '../harness/own-servers.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

let servers: OwnServers;
let system: System;
let world: DrillWorld;
let conversation: string;

beforeAll(async () => {
  servers = await startOwnServers(inject('stack'), ['nats']);
  system = await startSystem(servers.env, { READY_DEADLINE: '6s', SWEEP_INTERVAL: '1s', ACK_WAIT: '2s' });
  world = new DrillWorld(system, servers.env);
  conversation = await world.user('ann').startConversation('ben');
  await world.follow('ben', conversation);
});
afterAll(async () => {
  await world?.close();
  await system?.stop();
  await servers?.stop();
});

/** Puts it into a message; its request is in the queue when `queued` resolves. */
const upload = async (bytes: Buffer, filename: string, filetype: string): Promise<string> => {
  const begun = await world.create('ann', { bytes, filename, filetype });
  expect(await begun.patch(0, bytes)).toMatchObject({ kind: 'answered', status: 204 });
  world.acknowledge('ann', begun.id, bytes);
  await world.send('ann', conversation, begun.id);
  return begun.id;
};

const queued = () =>
  until(
    async () =>
      (await metricOf(system.adminUrls.api, 'claimcheck_outbox_pending')) === 0 ? true : undefined,
    { withinMs: 10_000, what: 'the requests to be in the queue' },
  );

const killNats = async () => {
  const { nats } = servers.services;
  if (nats === undefined) throw new Error('the drill has no NATS of its own');
  nats.kill('SIGKILL');
  await nats.exited;
  return nats;
};

const wipe = () => rm(join(servers.dataDir, 'nats', 'jetstream'), { recursive: true });

test('drill 11: the files of NATS are wiped; media become ready later, and none is lost', async () => {
  const random = seeded('drill 11');
  // Some requests wait in the queue when it is lost, and some arrive while there is none.
  await system.apps.worker.stop();
  const ids = [
    await upload(await smallPhoto(), 'a.jpg', 'image/jpeg'),
    await upload(await videoFile(), 'a.mp4', 'video/mp4'),
    await upload(random.bytes(5_000), 'a.bin', 'application/octet-stream'),
  ];
  await queued();
  const nats = await killNats();
  ids.push(await upload(random.bytes(7_000), 'b.bin', 'application/octet-stream'));
  await wipe();
  await nats.restart();
  await system.restart('worker');

  // A video is offered as uploaded while it waits, and becomes ready afterwards.
  for (const id of ids) await world.user('ann').mediaIn(id, ['ready'], 90_000);
  await world.expectNoViolation(90_000);
});

test('drill 11: unread results and a verdict are lost; the api requests all of them again', async () => {
  const random = seeded('drill 11, results');
  await system.apps.worker.stop();
  const harmless = await upload(random.bytes(6_000), 'c.bin', 'application/octet-stream');
  const infected = Buffer.concat([Buffer.from(eicarTestString), random.bytes(10)]);
  const blocked = await upload(infected, 'd.bin', 'application/octet-stream');
  await queued();
  await system.apps.api.stop();
  await system.restart('worker');
  const done = () => metricOf(system.adminUrls.worker, 'claimcheck_deliveries_total', 'outcome="done"');
  await until(async () => ((await done()) === 2 ? true : undefined), {
    withinMs: 30_000,
    what: 'the worker to have answered',
  });
  const nats = await killNats();
  await wipe();
  await nats.restart();
  await system.restart('api');

  expect(await world.user('ann').mediaIn(harmless, ['ready'], 90_000)).toMatchObject({ scan_state: 'clean' });
  await world.user('ann').mediaIn(blocked, ['blocked'], 90_000);
  await world.expectNoViolation(90_000);
});
