import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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

test('drill 11: the files of NATS are wiped; media come later, and none is lost', async () => {
  const random = seeded('drill 11');
  const { nats } = servers.services;
  if (nats === undefined) throw new Error('the drill has no NATS of its own');
  const upload = async (bytes: Buffer, filename: string, filetype: string) => {
    const file = { bytes, filename, filetype };
    const begun = await world.create('ann', file);
    expect(await begun.patch(0, bytes)).toMatchObject({ kind: 'answered', status: 204 });
    world.acknowledge('ann', begun.id, bytes);
    await world.send('ann', conversation, begun.id);
    return begun.id;
  };
  // Requests that wait in the queue when it is lost, and some that come while there is none.
  await system.apps.worker.stop();
  const ids = [
    await upload(await smallPhoto(), 'a.jpg', 'image/jpeg'),
    await upload(await videoFile(), 'a.mp4', 'video/mp4'),
    await upload(random.bytes(5_000), 'a.bin', 'application/octet-stream'),
  ];
  const pending = () => metricOf(system.adminUrls.api, 'claimcheck_outbox_pending');
  await until(async () => ((await pending()) === 0 ? true : undefined), {
    withinMs: 10_000,
    what: 'the requests to be in the queue',
  });
  nats.kill('SIGKILL');
  await nats.exited;
  ids.push(await upload(random.bytes(7_000), 'b.bin', 'application/octet-stream'));
  await rm(join(servers.dataDir, 'nats', 'jetstream'), { recursive: true });
  await nats.restart();
  await system.restart('worker');

  // A video is offered as it is while it waits, and lifted afterwards.
  for (const id of ids) await world.user('ann').mediaIn(id, ['ready'], 90_000);
  await world.expectNoViolation(90_000);
});
