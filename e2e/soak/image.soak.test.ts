import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ManagedService } from '@claimcheck/local-stack/managed-process';
import { createDatabase } from '@claimcheck/local-stack/postgres-setup';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { HostileWorld } from '../corpus/hostile-world.ts';
import { checkFiles, complaintsOf } from '../corpus/kinds/check-file.ts';
import { films } from '../corpus/kinds/films.ts';
import { animations, pictures } from '../corpus/kinds/pictures.ts';
import { damaged, files, sounds } from '../corpus/kinds/sound-and-files.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto, videoFile } from '../harness/fixtures.ts';
import { type AppName, newAppName } from '../harness/system.ts';
import { Buildah } from '../infra/image/buildah.ts';
import { makeBaseImages } from '../infra/image/make-base-images.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCKERFILE = join(ROOT, 'infra/Dockerfile');
const IMAGES = ['app', 'worker'] as const;
const APPS: readonly AppName[] = ['api', 'worker', 'gateway'];
type ImageName = (typeof IMAGES)[number];
const IMAGE_OF: Record<AppName, ImageName> = { api: 'app', gateway: 'app', worker: 'worker' };
const IN_THE_IMAGE = { TEMP_DIR: '/jobs', WEB_DIR: 'apps/web/dist' };
const COMPILED = '/app/.compile-cache';
const COMMANDS_MS = 60_000;
const BUILD_MS = 3_600_000;
const CORPUS_MS = 600_000;
const MIB = 1_024 ** 2;
const MAX_TOGETHER = 450 * MIB;

let buildah: Buildah;
/** The container of each image and the folder where its files are. */
const built = {} as Record<ImageName, { container: string; files: string }>;

/** The worker's list; an app is no dependency of the tests, so its address is computed. */
const allowedCodecs = async (): Promise<readonly string[]> => {
  const { href } = new URL('../../apps/worker/src/ffmpeg/codecs.ts', import.meta.url);
  return (await import(href)).ALLOWED_CODECS;
};

/** Returns the output of a command that the image's user runs in a container. */
const inside = (image: ImageName, ...command: string[]) =>
  buildah.run('run', built[image].container, '--', ...command);

const bytesIn = async (...paths: string[]): Promise<number> =>
  Number(
    (await runCommand('du', ['-scb', ...paths], { env: process.env }))
      .trim()
      .split('\n')
      .at(-1)
      ?.split('\t')[0],
  );

beforeAll(async () => {
  buildah = await Buildah.open();
  const { runtime, base } = await makeBaseImages(buildah);
  const startedAt = performance.now();
  for (const image of IMAGES) {
    const arguments_ = [`BASE_IMAGE=${base}`, `RUNTIME_IMAGE=${runtime}`].flatMap((one) => [
      '--build-arg',
      one,
    ]);
    const ignored = ['--ignorefile', `${DOCKERFILE}.dockerignore`];
    const tag = `localhost/claimcheck-${image}`;
    await buildah.run(
      'build',
      '--layers',
      ...arguments_,
      '-f',
      DOCKERFILE,
      ...ignored,
      '--target',
      image,
      '-t',
      tag,
      ROOT,
    );
    const container = await buildah.run('from', tag);
    built[image] = { container, files: await buildah.run('mount', container) };
  }
  console.log(`built in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}, BUILD_MS);
afterAll(async () => {
  await buildah?.close();
});

test('they hold what runs, and a list of it', async () => {
  const { app, worker } = built;
  const shared = await bytesIn(...['bin', 'etc', 'usr', 'var'].map((folder) => join(app.files, folder)));
  const [ofApp, ofWorker, programs, node] = [
    await bytesIn(join(app.files, 'app')),
    await bytesIn(join(worker.files, 'app')),
    (await bytesIn(...['usr', 'var', 'etc'].map((folder) => join(worker.files, folder)))) - shared,
    await bytesIn(join(app.files, 'usr/local/bin/node')),
  ];
  const mib = (bytes: number) => Math.round(bytes / MIB);
  console.log(
    `shared ${mib(shared)} MiB (Node ${mib(node)}), api and gateway ${mib(ofApp)}, worker ${mib(ofWorker)} and ` +
      `${mib(programs)} of programs: together ${mib(shared + ofApp + ofWorker + programs)} MiB`,
  );
  expect(shared + ofApp + ofWorker + programs).toBeLessThan(MAX_TOGETHER);
  expect(ofApp).toBeLessThan(120 * MIB);
  expect(ofWorker).toBeLessThan(150 * MIB);
  const namesIn = async (image: ImageName): Promise<string[]> =>
    JSON.parse(await readFile(join(built[image].files, 'app/sbom.cdx.json'), 'utf8')).components.map(
      ({ name }: { name: string }) => name,
    );
  expect(await namesIn('app')).toEqual(expect.arrayContaining(['express', 'socket.io', 'pg']));
  expect(await namesIn('worker')).toContain('sharp');
  for (const development of ['vitest', 'typescript', 'prisma', 'react'])
    for (const image of IMAGES) expect(await namesIn(image)).not.toContain(development);
});

test.each(IMAGES)(
  'in %s Node finds code that is compiled already',
  async (image) => {
    const [found = ''] = (await inside(image, 'ls', COMPILED)).split('\n');
    const used = "process.stdout.write(require('node:module').getCompileCacheDir())";
    expect(await inside(image, 'node', '--eval', used)).toBe(`${COMPILED}/${found}`);
    expect((await inside(image, 'ls', `${COMPILED}/${found}`)).split('\n').length).toBeGreaterThan(100);
  },
  COMMANDS_MS,
);

test.each(IMAGES)(
  'in %s no process is root, and it can write to no folder but the jobs',
  async (image) => {
    expect(await inside(image, 'id', '-u')).toBe('10001');
    for (const folder of ['/app', COMPILED, '/usr/local/bin', '/etc', '/'])
      await expect(inside(image, 'touch', join(folder, 'file'))).rejects.toThrow('Permission denied');
  },
  COMMANDS_MS,
);

test(
  'the worker has ffmpeg, poppler and fonts, and a record of the packages that they come from',
  async () => {
    await inside('worker', 'touch', '/jobs/file');
    expect(await inside('worker', 'ls', '/usr/share/fonts/truetype')).toContain('liberation');
    const records = await inside('worker', 'ls', '/var/lib/dpkg/status.d');
    for (const one of ['ffmpeg', 'libx264-164', 'libdav1d6', 'libpoppler126', 'poppler-utils'])
      expect(records).toContain(one);
    const record = await inside('worker', 'cat', '/var/lib/dpkg/status.d/ffmpeg');
    const [, version = ''] = /^Version: \d+:(\S+)$/m.exec(record) ?? [];
    expect(await inside('worker', 'ffmpeg', '-version')).toContain(`ffmpeg version ${version} `);
    for (const app of ['ffmpeg', 'pdftoppm']) await expect(inside('app', app, '-v')).rejects.toThrow();
  },
  COMMANDS_MS,
);

test(
  'its ffmpeg decodes every codec of our list that the ffmpeg of this machine decodes',
  async () => {
    const decodable = (printed: string) =>
      new Set([...printed.matchAll(/^ D\S+ (\S+)/gm)].map(([, codec = '']) => codec));
    const args = ['-hide_banner', '-v', 'quiet', '-codecs'];
    const ours = decodable(await buildah.run('run', built.worker.container, '--', 'ffmpeg', ...args));
    const reference = decodable(await runCommand('ffmpeg', args, { env: process.env }));
    const wanted = (await allowedCodecs()).filter((codec) => reference.has(codec));
    expect(wanted.length).toBeGreaterThan(100);
    expect(wanted.filter((codec) => !ours.has(codec))).toEqual([]);
  },
  COMMANDS_MS,
);

describe('its api, worker and gateway', () => {
  let world: HostileWorld;
  const started: ManagedService[] = [];

  beforeAll(async () => {
    world = await HostileWorld.start(inject('stack'));
    const { system } = world;
    for (const app of APPS) {
      await system.apps[app].stop();
      const adminUrl = system.adminUrls[app];
      started.push(
        await buildah.start({
          name: `${app} of the image`,
          container: built[IMAGE_OF[app]].container,
          command: ['node', `apps/${app}/src/main.ts`],
          env: { ...system.envs[app], ...IN_THE_IMAGE, ADMIN_PORT: new URL(adminUrl).port },
          ready: async () => (await fetch(`${adminUrl}/readyz`)).ok,
        }),
      );
    }
  }, 180_000);
  afterAll(async () => {
    await Promise.all(started.map((service) => service.stop()));
    await world?.stop();
  });

  test('make a photo and a video ready, and notify a socket', async () => {
    const ann = new ChatUser(world.system, 'ann');
    const conversation = await ann.startConversation('ben');
    await ann.follow(conversation);
    const photo = await ann.upload({
      bytes: await smallPhoto(),
      filename: 'a.jpg',
      filetype: 'image/jpeg',
    });
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
    expect(await (await fetch(world.system.apiUrl)).text()).toContain('<html');
  }, 180_000);

  test(
    'deliver files of every kind as the worker of this machine does',
    async () => {
      const all = [...pictures(), ...animations(), ...films(), ...sounds(), ...files(), ...damaged()];
      expect(complaintsOf(await checkFiles(world, all, CORPUS_MS))).toEqual([]);
    },
    CORPUS_MS + 300_000,
  );
});

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
      built.app.container,
      '--',
      ...migrate,
    );
    expect(printed).toContain('applied 20261120000000_first');
  },
  COMMANDS_MS,
);
