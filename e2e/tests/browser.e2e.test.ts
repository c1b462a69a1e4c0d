import { randomInt } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launchChromium } from '../harness/chromium.ts';
import { phonePhoto, videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';

const ARTEFACTS = fileURLToPath(new URL('../artefacts/', import.meta.url));

let system: System;
let browser: Browser;
let photoFile: string;
const problems: string[] = [];

const open = async (user: string): Promise<Page> => {
  // A context each: two people on two machines.
  const context = await browser.newContext({ viewport: { width: 1_000, height: 760 } });
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`${user}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${user}: ${message.text()}`);
  });
  await page.goto(`${system.apiUrl}/?user=${user}`);
  return page;
};

const shoot = (page: Page, name: string) => page.screenshot({ path: join(ARTEFACTS, `${name}.png`) });

beforeAll(async () => {
  await mkdir(ARTEFACTS, { recursive: true });
  system = await startSystem(inject('stack'));
  browser = await launchChromium();
  photoFile = join(tmpdir(), `photo-${process.pid}-${randomInt(1e9)}.jpg`);
  await writeFile(photoFile, await phonePhoto());
});

afterAll(async () => {
  await browser?.close();
  await rm(photoFile, { force: true });
  await system?.stop();
});

test('two people in two browsers: a photo and a video travel from one to the other', async () => {
  const ann = await open('ann');
  const ben = await open('ben');
  await ann.getByTestId('new-conversation-members').fill('ben');
  await ann.getByTestId('new-conversation-submit').click();
  await ann.getByTestId('composer-text').fill('Look what I saw today');
  await ann.getByTestId('composer-send').click();

  await ben.getByTestId('conversation-item').first().click();
  await ben.getByTestId('message').getByText('Look what I saw today').waitFor();

  // The first picture is kept back, so that the placeholder can be seen.
  let letThrough = () => {};
  const held = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  await ben.route(`${system.env.S3_ENDPOINT}/**`, async (route) => {
    await held;
    await route.continue();
  });
  await ann.getByTestId('composer-file').setInputFiles(photoFile);
  await ben.getByTestId('media-placeholder').first().waitFor();
  await ben.locator('[data-testid="media"][data-state="ready"]').first().waitFor();
  await shoot(ben, 'photo-placeholder');
  letThrough();

  const picture = ben.getByTestId('media-image').first();
  await picture.waitFor();
  await ben.waitForFunction(() => {
    const image = document.querySelector<HTMLImageElement>('[data-testid="media-image"]');
    return image?.complete === true && image.naturalWidth > 320 && image.naturalWidth > image.naturalHeight;
  });

  await ann.getByTestId('composer-file').setInputFiles({
    name: 'bunny.mp4',
    mimeType: 'video/mp4',
    buffer: await videoFile(),
  });
  await ben.getByTestId('media-video').first().waitFor();
  const played = await ben
    .getByTestId('media-video')
    .first()
    .evaluate(async (element) => {
      const video = element as HTMLVideoElement;
      video.muted = true;
      await video.play();
      await new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true }));
      return { width: video.videoWidth, height: video.videoHeight, duration: video.duration };
    });
  expect(played).toMatchObject({ width: 1_280, height: 720 });
  expect(played.duration).toBeGreaterThan(5);
  await shoot(ben, 'ben-has-both');
  await shoot(ann, 'ann-sent-both');
  expect(problems).toEqual([]);
});

test('an upload over a slow line shows its progress, and survives being offline', async () => {
  const carol = await open('carol');
  await carol.getByTestId('new-conversation-members').fill('dave');
  await carol.getByTestId('new-conversation-submit').click();
  const network = await carol.context().newCDPSession(carol);
  const limit = (offline: boolean, bytesPerSecond: number) =>
    network.send('Network.emulateNetworkConditions', {
      offline,
      latency: 20,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    });
  await limit(false, 400_000);
  await carol.getByTestId('composer-file').setInputFiles(photoFile);
  const percent = async () =>
    Number(await carol.getByTestId('upload-progress').first().getAttribute('data-percent'));
  await carol.waitForFunction(() => {
    const bar = document.querySelector('[data-testid="upload-progress"]');
    return Number(bar?.getAttribute('data-percent')) > 20;
  });
  expect(await percent()).toBeLessThan(100);
  await limit(true, 0);
  await carol.locator('[data-testid="connection-state"]:not([data-state="connected"])').waitFor();
  await shoot(carol, 'upload-offline');
  await limit(false, -1);
  await carol.locator('[data-testid="media"][data-state="ready"]').first().waitFor({ timeout: 60_000 });
});

test('a phone: the conversation fits its screen', async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 780 }, colorScheme: 'dark' });
  const page = await context.newPage();
  await page.goto(`${system.apiUrl}/?user=ben`);
  await page.getByTestId('conversation-item').first().click();
  await page.getByTestId('media-image').first().waitFor();
  await shoot(page, 'phone-dark');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});
