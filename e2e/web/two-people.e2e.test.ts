import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eicarTestString } from '@claimcheck/local-stack/clamav-signature';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { allowCrossOrigin } from '../harness/allow-cross-origin.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { phonePhoto, videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';
import { ChatTab } from './chat-tab.ts';
import { newPhoto, photos } from './photos.ts';

let system: System;
let browser: Browser;
let ann: ChatTab;
let ben: ChatTab;
let folder: string;

beforeAll(async () => {
  await allowCrossOrigin(inject('stack'));
  system = await startSystem(inject('stack'), {
    TOKEN_SECRETS: 'test:0123456789abcdef0123456789abcdef',
    VIDEO_DELIVERY: 'both',
    HLS_MIN_DURATION: '2s',
  });
  browser = await launchChromium();
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-web-'));
  ann = await ChatTab.open(browser, system, 'ann');
  ben = await ChatTab.open(browser, system, 'ben', { colorScheme: 'dark' });
  await ann.startConversation('cat');
  await ann.startConversation('ben');
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a photo travels from one browser to the other, shown as a blur until it has loaded', async () => {
  await ann.say('Look what I saw today');
  await ben.openConversation();
  await ben.message('Look what I saw today').waitFor();

  // Pictures are kept back, so that what stands in their place can be seen.
  const held = Promise.withResolvers<void>();
  await ben.page.route(`${system.apiUrl}/v1/media/**`, async (route) => {
    if (route.request().resourceType() === 'image') await held.promise;
    await route.continue();
  });
  await ann.choose({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: await phonePhoto() });
  await ben.media('ready').locator('.frame[aria-busy="true"]').waitFor();
  const frame = await ben.page.locator('.frame').first().boundingBox();
  await ben.shoot('photo-placeholder');
  held.resolve();

  await ben.page.waitForFunction(() => {
    const image = document.querySelector<HTMLImageElement>('[data-claimcheck-quality="medium"]');
    return image?.complete === true && image.naturalWidth > 320 && image.naturalWidth > image.naturalHeight;
  });
  expect(await ben.page.locator('.frame').first().boundingBox()).toEqual(frame);
});

test('a video plays, in parts of the quality that the network allows', async () => {
  await ann.choose({ name: 'bunny.mp4', mimeType: 'video/mp4', buffer: await videoFile() });
  const video = ben.page.locator('video').first();
  await video.waitFor();
  // Its player is fetched first, and replaces whatever was started before.
  await ben.page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 0);
  const played = await video.evaluate(async (element) => {
    if (!(element instanceof HTMLVideoElement)) throw new Error('not a video');
    element.muted = true;
    await element.play();
    await new Promise((resolve) => element.addEventListener('timeupdate', resolve, { once: true }));
    return { width: element.videoWidth, height: element.videoHeight, duration: element.duration };
  });
  expect(played.duration).toBeGreaterThan(5);
  expect(played.width / played.height).toBeCloseTo(16 / 9, 1);
  expect(await video.getAttribute('data-claimcheck-hls')).toBe('true');
  await ben.shoot('ben-has-both');
  await ann.shoot('ann-sent-both');
});

test('the gallery: larger, closer, from one picture to the next, by keyboard alone', async () => {
  await ann.choose(await photos(3));
  await ben.page.locator('.album .open:enabled').nth(2).waitFor();
  const labels = await ben.page
    .locator('.album .open')
    .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''));
  expect(labels).toEqual(['Open view-1.jpg', 'Open view-2.jpg', 'Open view-3.jpg']);
  const [first, second] = ['view-1.jpg', 'view-2.jpg'];
  await ben.page.locator('.album .open').first().focus();
  await ben.page.keyboard.press('Enter');
  await ben.page.locator('[data-testid="gallery-image"][data-loaded="true"]').waitFor();
  await ben.page.getByRole('dialog', { name: first }).waitFor();
  await ben.page.keyboard.press('+');
  await ben.page.keyboard.press('+');
  expect(await ben.page.getByTestId('gallery-stage').getAttribute('data-scale')).toBe('2.25');
  await ben.shoot('gallery');
  await ben.page.keyboard.press('ArrowRight');
  await ben.page.getByRole('dialog', { name: second }).waitFor();
  expect(await ben.page.getByTestId('gallery-stage').getAttribute('data-scale')).toBe('1');
  await ben.page.keyboard.press('Escape');
  await ben.page.getByRole('dialog').waitFor({ state: 'detached' });
  // The focus is back on the picture that opened the gallery.
  const label = await ben.page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  expect(label).toBe(`Open ${first}`);
});

test('a photo is forwarded without being uploaded again, and deleted for everyone', async () => {
  // Sent one after the other, they are shown side by side, and stay messages of their own.
  for (const name of ['one.jpg', 'two.jpg', 'three.jpg']) await ann.choose(await newPhoto(name));
  await ann.page.locator('.album-cell .open:enabled').nth(2).waitFor();
  const uploads: string[] = [];
  ann.page.on('request', (request) => {
    if (request.method() === 'PATCH') uploads.push(request.url());
  });
  const cell = ann.page.locator('.album-cell').first();
  await cell.hover();
  await cell.getByTestId('message-menu').click();
  await ann.page.getByRole('button', { name: 'Forward' }).click();
  await ann.shoot('forward');
  await ann.page.getByTestId('forward-targets').getByRole('button', { name: 'cat' }).click();
  await ann.page.getByTestId('conversation-item').filter({ hasText: 'cat' }).click();
  await ann.media('ready').first().waitFor();
  await ann.page.goBack();

  await ben.page.locator('.album-cell').nth(2).waitFor();
  await cell.hover();
  await cell.getByTestId('message-menu').click();
  await ann.page.getByRole('button', { name: 'Delete for everyone' }).click();
  await ann.page.getByTestId('delete-confirm').click();
  await ben.page.locator('.album-cell').nth(2).waitFor({ state: 'detached' });
  expect(await ben.page.locator('.album-cell').count()).toBe(2);
  expect(uploads).toEqual([]);
  // Where it was forwarded to, it is still there.
  await ann.page.getByTestId('conversation-item').filter({ hasText: 'cat' }).click();
  await ann.media('ready').first().waitFor();
});

test('an infected file is blocked, and both users see it', async () => {
  await ann.page.getByTestId('conversation-item').filter({ hasText: 'ben' }).click();
  // Large, so that the message precedes the verdict.
  const file = join(folder, 'invoice.com');
  await writeFile(file, Buffer.concat([Buffer.from(eicarTestString), randomBytes(8 * 1024 * 1024)]));
  await ann.choose(file);
  for (const tab of [ann, ben]) {
    await tab.media('blocked').getByText('Blocked: the virus scanner found something').waitFor();
    expect(await tab.media('blocked').locator('a, img').count()).toBe(0);
  }
  await ben.shoot('blocked');
});

test('a phone: list or conversation, and nothing wider than the screen', async () => {
  const phone = await ChatTab.open(browser, system, 'ben', {
    viewport: { width: 390, height: 780 },
    hasTouch: true,
    isMobile: true,
    colorScheme: 'dark',
  });
  const widest = () => phone.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await phone.page.getByTestId('conversation-item').first().waitFor();
  await phone.shoot('phone-list');
  expect(await widest()).toBeLessThanOrEqual(0);
  await phone.openConversation();
  await phone.page.locator('.album-cell .frame[aria-busy="false"]').nth(1).waitFor();
  await phone.shoot('phone-dark');
  expect(await widest()).toBeLessThanOrEqual(0);
  await phone.page.getByRole('button', { name: 'Back to the conversations' }).tap();
  await phone.page.getByTestId('conversation-item').first().waitFor();
  expect(phone.problems).toEqual([]);
  await phone.close();
});

test('a message moves its conversation up in the list, and counts until it is opened', async () => {
  const cat = new ChatUser(system, 'cat');
  const { body } = await cat.call<{ conversations: { conversation_id: string }[] }>(
    'GET',
    '/v1/conversations',
  );
  const id = body.conversations[0]?.conversation_id ?? '';
  const first = ann.page.getByTestId('conversation-item').first();
  await ann.say('The newest of all');
  await ann.page.waitForFunction(
    (other) =>
      document.querySelector<HTMLElement>('[data-testid="conversation-item"]')?.dataset.conversationId !==
      other,
    id,
  );
  for (const body of ['Anybody there?', 'Hello?']) {
    const sent = await cat.send(id, { client_message_id: randomUUID(), message_type: 'text', body });
    expect(sent.status).toBe(201);
  }
  await first.and(ann.page.locator(`[data-conversation-id="${id}"]`)).waitFor();
  await first.locator('.count', { hasText: '2' }).waitFor();
  await first.click();
  await ann.message('Hello?').waitFor();
  await first.locator('.count').waitFor({ state: 'detached' });
});

test('nothing went wrong in the pages', () => {
  expect({ ann: ann.problems, ben: ben.problems }).toEqual({ ann: [], ben: [] });
});
