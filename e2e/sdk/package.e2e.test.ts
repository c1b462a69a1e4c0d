import { randomBytes } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium, WITH_MICROPHONE } from '../harness/chromium.ts';
import { type System, startSystem } from '../harness/system.ts';
import { photos } from '../web/photos.ts';
import { EmptyProject } from './package/empty-project.ts';
import { type StaticSite, serveFolder } from './package/static-site.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const EXAMPLES = '../../docs/examples';
const PHOTO = here('../fixtures/china.jpg');

let project: EmptyProject;
let site: StaticSite;
let system: System;
let browser: Browser;
let talk: string;
let ann: ChatUser;

const buildSamples = async (): Promise<void> => {
  for (const name of ['chat', 'album']) {
    await copyFile(here(`${EXAMPLES}/sdk-${name}.tsx`), project.path(`${name}.tsx`));
    const script = `<script type="module" src="./${name}.tsx"></script>`;
    await writeFile(project.path(`${name}.html`), `<!doctype html><title>${name}</title>${script}`);
  }
  const input = ['chat', 'album'].map((name) => project.path(`${name}.html`));
  await build({
    root: project.folder,
    configFile: false,
    logLevel: 'error',
    build: { target: 'esnext', rollupOptions: { input } },
  });
};

beforeAll(async () => {
  project = await EmptyProject.create([
    'react',
    'react-dom',
    '@types/react',
    '@types/react-dom',
    '@types/node',
  ]);
  await buildSamples();
  site = await serveFolder(project.path('dist'));
  system = await startSystem(inject('stack'), {
    TOKEN_SECRETS: `one:${randomBytes(32).toString('hex')}`,
    CORS_ORIGINS: site.origin,
  });
  ann = new ChatUser(system, 'ann');
  talk = await ann.startConversation('ben');
  browser = await launchChromium(WITH_MICROPHONE);
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  await system?.stop();
  await project?.remove();
});

test('the package is self-contained: its types hold, with every library checked', async () => {
  await copyFile(here('package/host.ts'), project.path('host.ts'));
  const options = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--target',
    'es2024',
    '--lib',
    'es2024,dom,dom.iterable',
    '--jsx',
    'react-jsx',
  ];
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ])
    await project.run('tsc', [...options, ...resolution, 'host.ts', 'chat.tsx', 'album.tsx']);
});

test('the bot of the guide, in Node: sends a photo, and nothing twice when it runs again', async () => {
  await copyFile(here(`${EXAMPLES}/sdk-bot.mjs`), project.path('bot.mjs'));
  const runBot = async (): Promise<{ message_id: string; state: string }> =>
    JSON.parse(
      await project.run('node', ['bot.mjs'], {
        CLAIMCHECK_URL: system.apiUrl,
        CLAIMCHECK_TOKEN: system.tokenFor('ann'),
        CONVERSATION: talk,
        PHOTO,
      }),
    );
  const first = await runBot();
  expect(first.state).toBe('ready');
  expect(await runBot()).toEqual(first);
});

test.each([
  ['chat', 60],
  ['album', 80],
])('the sample %s of the guide has fewer than %d lines', async (name, lines) => {
  const code = await readFile(here(`${EXAMPLES}/sdk-${name}.tsx`), 'utf8');
  expect(code.trimEnd().split('\n').length).toBeLessThan(lines);
});

const openSample = async (user: string, name: 'chat' | 'album', talkId = talk): Promise<Page> => {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => {
    const shifts = { sum: 0 };
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if ('value' in entry) shifts.sum += Number(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(
    `${site.origin}/${name}.html?${new URLSearchParams({ api: system.apiUrl, user, talk: talkId })}`,
  );
  return page;
};

test('the sample in Chromium: ann sends a photo, ben sees it, and nothing jumps', async () => {
  const [annPage, benPage] = await Promise.all([openSample('ann', 'chat'), openSample('ben', 'chat')]);
  const worker = annPage.waitForEvent('worker');
  await benPage.getByText('Good morning').waitFor();
  await annPage.getByLabel('Message').fill('A view');
  await annPage.getByLabel('File').setInputFiles(here('../fixtures/flower.jpg'));
  await annPage.getByRole('button', { name: 'Send' }).click();
  expect((await worker).url(), 'the hash is computed in a worker').toContain('sha256-worker');
  for (const page of [annPage, benPage]) {
    const row = page.getByRole('listitem').filter({ hasText: 'A view' });
    const picture = row.locator('img[data-claimcheck-quality=medium]');
    await picture.waitFor();
    await page.waitForFunction(
      (image) => image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0,
      await picture.elementHandle(),
    );
    expect(await row.count()).toBe(1);
    expect(await picture.getAttribute('alt')).toBe('flower.jpg');
  }
  // The list grows below the visible part, which must not move.
  const sumOfShifts = await benPage.evaluate(
    () => (window as unknown as { shifts: { sum: number } }).shifts.sum,
  );
  expect(sumOfShifts).toBeLessThan(0.1);
});

test('the sample in Chromium: a film plays', async () => {
  const page = await openSample('ben', 'chat');
  const id = await ann.upload({
    bytes: await readFile(here('../fixtures/big-buck-bunny-5s.mp4')),
    filename: 'bunny.mp4',
    filetype: 'video/mp4',
  });
  const { body } = await ann.send(talk, {
    client_message_id: 'film',
    message_type: 'video',
    media_object_id: id,
    body: 'a film',
  });
  expect(body.message_id).toBeDefined();
  const video = page.locator('video');
  await video.waitFor({ timeout: 60_000 });
  const length = await video.evaluate(async (element) => {
    if (!(element instanceof HTMLVideoElement)) throw new Error('no video');
    if (element.readyState < 1)
      await new Promise((resolve) => element.addEventListener('loadedmetadata', resolve, { once: true }));
    return element.duration;
  });
  expect(length).toBeGreaterThan(5);
});

test('the sample in Chromium: an album, a voice message with its waveform, and the gallery', async () => {
  const trip = await ann.startConversation('ben');
  const [annPage, benPage] = await Promise.all([
    openSample('ann', 'album', trip),
    openSample('ben', 'album', trip),
  ]);
  await annPage.getByLabel('Add files').setInputFiles(await photos(3));
  await annPage.getByRole('button', { name: 'Remove view-3.jpg' }).click();
  await annPage.getByLabel('Caption').fill('Our trip');
  await annPage.getByRole('button', { name: 'Send' }).click();
  for (const page of [annPage, benPage]) {
    const album = page.getByRole('listitem').filter({ hasText: 'Our trip' });
    await album.getByRole('img', { name: 'view-1.jpg' }).waitFor({ timeout: 60_000 });
    await album.getByRole('img', { name: 'view-2.jpg' }).waitFor({ timeout: 60_000 });
    expect(await page.locator('[data-claimcheck-part=album]').count()).toBe(1);
  }

  await annPage.getByRole('button', { name: 'Record' }).click();
  await annPage.getByText(/^([2-9]|\d\d+) s$/).waitFor();
  await annPage.getByRole('button', { name: 'Stop' }).click();
  await annPage.getByRole('button', { name: 'Send' }).click();
  await benPage.locator('audio').waitFor({ timeout: 60_000 });
  await benPage.locator('li:has(audio) svg rect').nth(10).waitFor({ state: 'attached', timeout: 60_000 });
  const seconds = await benPage.locator('audio').evaluate(async (element) => {
    if (!(element instanceof HTMLAudioElement)) throw new Error('no sound');
    element.muted = true;
    await element.play();
    await new Promise((resolve) => element.addEventListener('timeupdate', resolve, { once: true }));
    return element.currentTime;
  });
  expect(seconds).toBeGreaterThan(0);

  await benPage.getByRole('button', { name: 'All media' }).click();
  const gallery = benPage.getByRole('region', { name: 'Gallery' });
  await gallery.locator('audio').waitFor();
  await gallery.getByRole('img').nth(1).waitFor();
  expect(await gallery.getByRole('img').count()).toBe(2);
});
