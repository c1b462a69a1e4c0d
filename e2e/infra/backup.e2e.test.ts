import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Media } from '@claimcheck/contracts/media';
import { type LocalStack, startLocalStack } from '@claimcheck/local-stack/local-stack';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { sha256, smallPhoto } from '../harness/fixtures.ts';
import { type OwnServers, startOwnServers } from '../harness/own-servers.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';

const run = promisify(execFile);
/** The contents of a backup, with addresses and secrets, but without the broker's files. */
const KEPT = ['postgres', 's3', 'object-metadata', 'secrets.json', 'ports.json'];

let servers: OwnServers;
let system: System;
let restoredDir: string;
let restored: LocalStack | undefined;

beforeAll(async () => {
  servers = await startOwnServers(inject('stack'), ['postgres', 'nats', 's3']);
  system = await startSystem(servers.env, { READY_DEADLINE: '4s', SWEEP_INTERVAL: '1s', SCAN_POLICY: 'off' });
  restoredDir = await mkdtemp(join(tmpdir(), 'claimcheck-restored-'));
});
afterAll(async () => {
  await system?.stop();
  await restored?.stop();
  await servers?.stop();
  if (restoredDir !== undefined) await rm(restoredDir, { recursive: true, force: true });
});

const stateOf = async (user: ChatUser, id: string): Promise<Media['state']> =>
  (await user.call<Media>('GET', `/v1/media/${id}`)).body.state;

const untilReady = (user: ChatUser, id: string) =>
  until(async () => ((await stateOf(user, id)) === 'ready' ? true : undefined), {
    withinMs: 60_000,
    what: `${id} to be ready`,
  });

const sourceHash = async (user: ChatUser, id: string): Promise<string> => {
  const response = await user.fetch(`/v1/media/${id}/source`);
  return sha256(Buffer.from(await response.arrayBuffer()));
};

test('after a restore next to an empty broker, ready media is ready, and waiting media becomes ready', async () => {
  const ann = new ChatUser(system, 'ann');
  const bytes = await smallPhoto();
  const done = await ann.upload({ bytes, filename: 'done.jpg', filetype: 'image/jpeg' });
  await untilReady(ann, done);
  await system.apps.worker.stop();
  // Its request waits in the broker, and is lost with it.
  const waiting = await ann.upload({ bytes, filename: 'waiting.jpg', filetype: 'image/jpeg' });
  expect(await stateOf(ann, waiting)).toBe('processing');

  await Promise.all(Object.values(system.apps).map((app) => app.stop()));
  await Promise.all(Object.values(servers.services).map((service) => service?.stop()));
  // With its owners: Postgres checks them.
  for (const folder of KEPT)
    await run('sh', [
      '-c',
      'test ! -e "$1" || cp -a "$1" "$2"',
      'sh',
      join(servers.dataDir, folder),
      restoredDir,
    ]);
  restored = await startLocalStack({
    dataDir: restoredDir,
    env: {
      ...process.env,
      ...servers.env,
      DATABASE_URL: undefined,
      NATS_URL: undefined,
      S3_ENDPOINT: undefined,
    },
    clamav: 'none',
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });

  await system.apps.api.restart();
  await Promise.all([system.apps.worker.restart(), system.apps.gateway.restart()]);
  expect(await stateOf(ann, done)).toBe('ready');
  await untilReady(ann, waiting);
  expect(await Promise.all([done, waiting].map((id) => sourceHash(ann, id)))).toEqual([
    sha256(bytes),
    sha256(bytes),
  ]);
});
