import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { storedKeys } from '../harness/stored-keys.ts';
import { type System, startSystem } from '../harness/system.ts';
import { ChatTab } from './chat-tab.ts';
import { newPhoto } from './photos.ts';

let system: System;
let browser: Browser;
let ann: ChatTab;
let ben: ChatTab;

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    TOKEN_SECRETS: 'test:0123456789abcdef0123456789abcdef',
  });
  browser = await launchChromium();
  ann = await ChatTab.open(browser, system, 'ann');
  await ann.startConversation('cat');
  await ann.startConversation('ben');
  ben = await ChatTab.open(browser, system, 'ben');
  await ben.openConversation();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const newPhotos = (...names: string[]) => Promise.all(names.map((name) => newPhoto(`${name}.jpg`)));

/** Messages with an album of these photos, in this order. */
const albumOf = async ({ page }: ChatTab, ...names: string[]) => {
  const albums = page.getByTestId('message').filter({ has: page.locator('.album') });
  const wanted = names.map((name) => `Open ${name}.jpg`);
  await expect
    .poll(
      async () => {
        const labels = (item: Element) =>
          [...item.querySelectorAll('.open')].map((button) => button.getAttribute('aria-label'));
        const all = await albums.all();
        return Promise.all(all.map((album) => album.evaluate(labels)));
      },
      { timeout: 60_000 },
    )
    .toContainEqual(wanted);
  return albums.filter({ has: page.getByLabel(wanted[0] ?? '') });
};

const tile = ({ page }: ChatTab, name: string) =>
  page.getByTestId('upload').filter({ hasText: `${name}.jpg` });

test('an album is one message: its sender sees each file at once, and a text overtakes it', async () => {
  await ann.setLine('crawl');
  await ann.add(await newPhotos('one', 'two', 'three'));
  await ann.page.getByTestId('composer-text').fill('our trip');
  await ann.page.getByTestId('composer-send').click();
  await tile(ann, 'three').locator('img.preview').waitFor();
  expect(await ann.page.getByTestId('outgoing').count()).toBe(1);
  expect(await ann.page.getByTestId('upload-progress').count()).toBe(3);
  await ann.uploadedPercent(1);
  await ann.shoot('album-on-its-way');

  await ann.say('at the door');
  await ben.message('at the door').waitFor();
  expect(await ann.page.getByTestId('upload').count()).toBe(3);

  await ann.setLine('open');
  const album = await albumOf(ben, 'one', 'two', 'three');
  await album.getByText('our trip').waitFor();
  await albumOf(ann, 'one', 'two', 'three');
  await ann.page.getByTestId('outgoing').waitFor({ state: 'detached' });
  expect(await ben.page.getByTestId('message').count()).toBe(2);
  await ben.shoot('album-arrived');
});

test('an album goes out without a file that was removed or refused, and that one at the next attempt', async () => {
  await ann.page.route('**/v1/media', (route) => {
    const isRefused = route.request().postDataJSON()?.filename === 'refused.jpg';
    return isRefused
      ? route.fulfill({ status: 413, json: { code: 'quota_exceeded', title: 'The quota is used up.' } })
      : route.fallback();
  });
  await ann.setLine('crawl');
  await ann.choose(await newPhotos('four', 'refused', 'removed', 'five'));
  await tile(ann, 'removed').getByTestId('upload-cancel').click();
  await tile(ann, 'removed').waitFor({ state: 'detached' });
  await tile(ann, 'refused').and(ann.page.locator('[data-state="failed"]')).waitFor();
  await ann.shoot('album-with-a-refused-file');
  await ann.setLine('open');
  await albumOf(ben, 'four', 'five');

  const left = ann.page.getByTestId('outgoing');
  await left.getByText('The quota is used up.').waitFor();
  expect(await left.count()).toBe(1);
  await ann.page.unroute('**/v1/media');
  await ann.page.getByTestId('outgoing-retry').click();
  await ben.page.getByLabel('Open refused.jpg').waitFor();
  await left.waitFor({ state: 'detached' });
});

test('an album that a reload interrupted arrives as one message', async () => {
  await ann.setLine('cut');
  await ann.choose(await newPhotos('six', 'seven'));
  await tile(ann, 'seven').waitFor();
  // The page writes its store in the background; a reload keeps what is in it.
  for (const kind of ['outgoing', 'upload'] as const)
    await expect
      .poll(() => storedKeys(ann.page, kind), { timeout: 20_000 })
      .toHaveLength(kind === 'outgoing' ? 1 : 2);
  await ann.page.reload();
  await albumOf(ben, 'six', 'seven');
  await ann.page.getByTestId('outgoing').waitFor({ state: 'detached' });
});

test('the gallery shows each photo of an album', async () => {
  await ben.page.locator('.open:enabled[aria-label="Open two.jpg"]').click();
  await ben.page.locator('[data-testid="gallery-image"][data-loaded="true"]').waitFor();
  await ben.page.keyboard.press('ArrowRight');
  await ben.page.getByRole('dialog', { name: 'three.jpg' }).waitFor();
  await ben.page.getByTestId('gallery-close').click();
});

test('the media panel opens a picture of a message that is not loaded, and follows new ones', async () => {
  const dan = new ChatUser(system, 'dan');
  const talk = await dan.startConversation('eve');
  const upload = async (filename: string) =>
    dan.upload({ bytes: (await newPhoto(filename)).buffer, filename, filetype: 'image/jpeg' });
  const send = async (client_message_id: string, media_object_id: string) =>
    expect((await dan.send(talk, { client_message_id, media_object_id })).body.message_id).toBeDefined();
  const [old, often] = [await upload('old.jpg'), await upload('often.jpg')];
  for (const id of [old, often]) await dan.mediaIn(id, ['ready']);
  await send('old', old);
  // More than a page of messages, and than a page of the gallery.
  for (let count = 1; count <= 60; count += 1) await send(`often-${count}`, often);

  const { page, problems } = await ChatTab.open(browser, system, 'eve');
  await page.getByTestId('conversation-item').click();
  await page.getByLabel('Open often.jpg').first().waitFor();
  expect(await page.getByLabel('Open old.jpg').count()).toBe(0);

  await page.getByRole('button', { name: 'Media', exact: true }).press('Enter');
  const panel = page.getByRole('dialog', { name: 'Media' });
  const pictures = panel.locator('.open');
  await expect
    .poll(
      async () => {
        await pictures.last().scrollIntoViewIfNeeded();
        return pictures.count();
      },
      { timeout: 60_000 },
    )
    .toBe(61);
  await panel.getByLabel('Open old.jpg').press('Enter');
  await page.locator('[data-testid="gallery-image"][data-loaded="true"]').waitFor();
  await page.getByRole('dialog', { name: '61 of 61: old.jpg' }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  await page.keyboard.press('Escape');
  await expect.poll(focused).toBe('Open old.jpg');

  await send('new', await upload('new.jpg'));
  await panel.locator('.open:enabled').and(panel.getByLabel('Open new.jpg')).waitFor();
  await panel.getByText('Sound and files').click();
  await panel.getByText('This conversation has no sound or files yet.').waitFor();
  const notes = { bytes: Buffer.from('hello'), filename: 'notes.txt', filetype: 'text/plain' };
  await send('notes', await dan.upload(notes));
  await panel.getByRole('link', { name: 'notes.txt' }).waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  expect(await focused()).toBe('Media');
  expect(problems).toEqual([]);
  await page.context().close();
});

test('an album is forwarded without being uploaded again, and deleted for everyone', async () => {
  const uploads: string[] = [];
  ann.page.on('request', (request) => {
    if (request.method() === 'PATCH') uploads.push(request.url());
  });
  const album = await albumOf(ann, 'one', 'two', 'three');
  await album.hover();
  await album.getByTestId('message-menu').click();
  await ann.page.getByRole('button', { name: 'Forward' }).click();
  await ann.page.getByTestId('forward-targets').getByRole('button', { name: 'cat' }).click();
  await album.hover();
  await album.getByTestId('message-menu').click();
  await ann.page.getByRole('button', { name: 'Delete for everyone' }).click();
  await ann.page.getByTestId('delete-confirm').click();
  await ben.page.getByLabel('Open one.jpg').waitFor({ state: 'detached' });
  await ann.page.getByTestId('conversation-item').filter({ hasText: 'cat' }).click();
  await albumOf(ann, 'one', 'two', 'three');
  expect(uploads).toEqual([]);
});

test('nothing threw in the pages', () => {
  // The browser reports requests that were cut, and the one that was refused, on the console.
  const isMeant = (problem: string) => problem.includes('net::ERR') || problem.includes('status of 413');
  const thrown = [ann, ben].flatMap(({ problems }) => problems.filter((problem) => !isMeant(problem)));
  expect(thrown).toEqual([]);
});
