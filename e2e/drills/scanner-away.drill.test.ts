import { eicarTestString } from '@claimcheck/local-stack/clamav-signature';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Bucket } from '../harness/bucket.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { outgoingPorts } from '../harness/connections.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { metricOf } from '../harness/metric-of.ts';
import { type OwnServers, startOwnServers } from '../harness/own-servers.ts';
import { seeded } from '../harness/seeded.ts';
import { type System, startSystem } from '../harness/system.ts';
import { type Link, Toxiproxy } from '../harness/toxiproxy.ts';
import { until } from '../harness/until.ts';

const MIB = 1_024 ** 2;
/** A scan of 2 MiB takes 5 s at this rate: long enough to kill the scanner during it. */
const SLOW_KIB_PER_SECOND = 400;

let servers: OwnServers;
let proxy: Toxiproxy;
let scannerLink: Link;
let system: System;
let ann: ChatUser;

beforeAll(async () => {
  servers = await startOwnServers(inject('stack'), ['clamav']);
  proxy = await Toxiproxy.start();
  scannerLink = await proxy.link('clamav', `http://127.0.0.1:${servers.env.CLAMAV_PORT}`);
  system = await startSystem(servers.env, {
    CLAMAV_PORT: new URL(scannerLink.url).port,
    SCAN_POLICY: 'gate',
    // The scanner is down for some of them.
    MAX_ATTEMPTS: '20',
  });
  ann = new ChatUser(system, 'ann');
});
afterAll(async () => {
  await system?.stop();
  await proxy?.stop();
  await servers?.stop();
});

const scanner = () => {
  const { clamav } = servers.services;
  if (clamav === undefined) throw new Error('clamd is not ours');
  return clamav;
};

const endScanner = async (): Promise<void> => {
  scanner().kill('SIGKILL');
  await scanner().exited;
};

const retries = (): Promise<number> =>
  metricOf(system.adminUrls.worker, 'claimcheck_deliveries_total', 'outcome="retry"');

/** Waits until another attempt at a request has failed. */
const untilTriedInVain = async (before: number): Promise<void> => {
  await until(async () => ((await retries()) > before ? true : undefined), {
    withinMs: 40_000,
    what: 'a request to be tried in vain',
  });
};

const expectWithheld = async (id: string, quality: string): Promise<void> => {
  expect(await ann.media(id)).toMatchObject({ state: 'processing', scan_state: 'pending' });
  const answer = await ann.fetch(`/v1/media/${id}/${quality}`);
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({
    status: 409,
    body: { code: 'media_not_scanned' },
  });
};

test('drill 21: without a scanner nothing is ready; with it everything is', async () => {
  await endScanner();
  const before = await retries();
  const id = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  await untilTriedInVain(before);
  await expectWithheld(id, 'medium');

  await scanner().restart();
  expect(await ann.mediaIn(id, ['ready', 'failed', 'degraded'], 60_000)).toMatchObject({
    state: 'ready',
    scan_state: 'clean',
  });
});

test('drill 21: a scanner that is killed in the middle of a file is asked again', async () => {
  const before = await retries();
  await scannerLink.add('slow', {
    type: 'bandwidth',
    stream: 'upstream',
    attributes: { rate_kib_per_second: SLOW_KIB_PER_SECOND },
  });
  const bytes = seeded('drill 21').bytes(2 * MIB);
  const id = await ann.upload({ bytes, filename: 'a.bin', filetype: 'application/octet-stream' });
  const port = Number(new URL(scannerLink.url).port);
  await until(async () => ((await outgoingPorts(system.apps.worker.pid)).has(port) ? true : undefined), {
    withinMs: 20_000,
    what: 'the scan to begin',
  });
  await endScanner();
  await untilTriedInVain(before);
  await expectWithheld(id, 'source');

  await proxy.heal();
  await scanner().restart();
  expect(await ann.mediaIn(id, ['ready', 'failed', 'degraded'], 60_000)).toMatchObject({
    state: 'ready',
    scan_state: 'clean',
  });
});

test('drill 21: EICAR is then blocked, unavailable everywhere, and removed completely', async () => {
  const bytes = Buffer.from(eicarTestString, 'latin1');
  const id = await ann.upload({ bytes, filename: 'a.txt', filetype: 'text/plain' });
  expect(await ann.mediaIn(id, ['blocked'], 30_000)).toMatchObject({ scan_state: 'infected' });
  for (const quality of ['source', 'original', 'high', 'medium', 'low', 'thumbnail'])
    expect((await ann.fetch(`/v1/media/${id}/${quality}`, { redirect: 'manual' })).status).toBeGreaterThan(
      399,
    );
  const bucket = new Bucket(servers.env);
  try {
    await until(async () => ((await bucket.keys(`${id}/`)).length === 0 ? true : undefined), {
      withinMs: 30_000,
      what: 'the prefix to be empty',
    });
  } finally {
    bucket.close();
  }
});
