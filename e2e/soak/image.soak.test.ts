import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ManagedService } from '@claimcheck/local-stack/managed-process';
import { createDatabase } from '@claimcheck/local-stack/postgres-setup';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { type AppName, newAppName, type System, startSystem } from '../harness/system.ts';
import { Buildah } from '../infra/image/buildah.ts';
import { makeBaseImage } from '../infra/image/make-base-image.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCKERFILE = join(ROOT, 'infra/Dockerfile');
const IMAGE = 'localhost/claimcheck';
const APPS: readonly AppName[] = ['api', 'worker', 'gateway'];
const IN_THE_IMAGE = { TEMP_DIR: '/jobs', WEB_DIR: 'apps/web/dist' };
const COMMANDS_MS = 60_000;
const BUILD_MS = 1_500_000;
const MIB = 1_024 ** 2;

let buildah: Buildah;
let container: string;
let image: string;
let system: System;
const started: ManagedService[] = [];

/** What a container in which the user of the image runs a command prints. */
const inside = (...command: string[]) => buildah.run('run', container, '--', ...command);

const bytesIn = async (path: string): Promise<number> =>
  Number((await runCommand('du', ['-sb', path], { env: process.env })).split('\t')[0]);

beforeAll(async () => {
  buildah = await Buildah.open();
  const base = await makeBaseImage(buildah);
  const ignored = ['--ignorefile', `${DOCKERFILE}.dockerignore`];
  const startedAt = performance.now();
  await buildah.run(
    'build',
    '--build-arg',
    `BASE_IMAGE=${base}`,
    '-f',
    DOCKERFILE,
    ...ignored,
    '-t',
    IMAGE,
    ROOT,
  );
  console.log(`built in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  container = await buildah.run('from', IMAGE);
  image = await buildah.run('mount', container);
}, BUILD_MS);
afterAll(async () => {
  await Promise.all(started.map((service) => service.stop()));
  await system?.stop();
  await buildah?.close();
});

test('it holds what runs, and a list of it', async () => {
  const [all, app, node] = [
    await bytesIn(image),
    await bytesIn(join(image, 'app')),
    await bytesIn(process.execPath),
  ];
  console.log(
    `${Math.round(all / MIB)} MiB; of it /app ${Math.round(app / MIB)}, Node ${Math.round(node / MIB)}`,
  );
  expect(app).toBeLessThan(200 * MIB);
  const { components } = JSON.parse(await readFile(join(image, 'app/sbom.cdx.json'), 'utf8'));
  const names: string[] = components.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['express', 'socket.io', 'sharp', 'pg']));
  for (const development of ['vitest', 'typescript', 'prisma', 'react'])
    expect(names).not.toContain(development);
});

test(
  'nobody in it is root, and it can write nowhere but where jobs are',
  async () => {
    expect(await inside('id', '-u')).toBe('10001');
    for (const folder of ['/app', '/usr/local/bin', '/etc', '/'])
      await expect(inside('touch', join(folder, 'file'))).rejects.toThrow('Permission denied');
    await inside('touch', '/jobs/file');
    expect(await inside('ffmpeg', '-version')).toContain('libx264');
  },
  COMMANDS_MS,
);

test('api, worker and gateway out of it: a photo and a video become ready, and a socket hears of it', async () => {
  system = await startSystem(inject('stack'));
  for (const app of APPS) {
    await system.apps[app].stop();
    const adminUrl = system.adminUrls[app];
    started.push(
      await buildah.start({
        name: `${app} of the image`,
        container,
        command: ['node', `apps/${app}/src/main.ts`],
        env: { ...system.envs[app], ...IN_THE_IMAGE, ADMIN_PORT: new URL(adminUrl).port },
        ready: async () => (await fetch(`${adminUrl}/readyz`)).ok,
      }),
    );
  }
  const ann = new ChatUser(system, 'ann');
  const conversation = await ann.startConversation('ben');
  await ann.follow(conversation);
  const photo = await ann.upload({ bytes: await smallPhoto(), filename: 'a.jpg', filetype: 'image/jpeg' });
  const video = await ann.upload({ bytes: await videoFile(), filename: 'b.mp4', filetype: 'video/mp4' });
  for (const media_object_id of [photo, video]) {
    await ann.send(conversation, {
      client_message_id: media_object_id,
      message_type: 'file',
      media_object_id,
    });
    const { scan_state } = await ann.mediaIn(media_object_id, ['ready', 'degraded', 'failed'], 60_000);
    expect(scan_state).toBe('clean');
    await ann.event(
      'media.updated',
      ({ media }) => media.media_object_id === media_object_id && media.state === 'ready',
    );
  }
  ann.leave();
  expect(await (await fetch(system.apiUrl)).text()).toContain('<html');
}, 180_000);

test(
  'its CLI migrates an empty database',
  async () => {
    const { DATABASE_URL: server = '' } = inject('stack');
    const name = newAppName();
    await createDatabase(server, name);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const migrate = ['node', 'apps/api/src/cli/claimcheck.ts', 'migrate'];
    const printed = await buildah.run(
      'run',
      '--env',
      `DATABASE_URL=${url.href}`,
      container,
      '--',
      ...migrate,
    );
    expect(printed).toContain('applied 20261120000000_first');
  },
  COMMANDS_MS,
);
