import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launchChromium } from '../harness/chromium.ts';
import { storedKeys } from '../harness/stored-keys.ts';
import { type System, startSystem } from '../harness/system.ts';
import { ChatTab } from './chat-tab.ts';
import { newPhoto, photos } from './photos.ts';

/** More than the SDK keeps of a file for the time after a reload. */
const LARGE_BYTES = 65 * 1024 * 1024;

let system: System;
let browser: Browser;
let folder: string;
const tabs: ChatTab[] = [];

const open = async (user: string): Promise<ChatTab> => {
  const tab = await ChatTab.open(browser, system, user);
  tabs.push(tab);
  return tab;
};

/** Offsets from which the page sends bytes. */
const watchOffsets = ({ page }: ChatTab): number[] => {
  const offsets: number[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  return offsets;
};

beforeAll(async () => {
  system = await startSystem(inject('stack'), {
    TOKEN_SECRETS: 'test:0123456789abcdef0123456789abcdef',
  });
  browser = await launchChromium();
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-web-'));
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('an upload is paused and resumed, and another is cancelled', async () => {
  const ann = await open('ann');
  await ann.startConversation('ben');
  await ann.setLine('slow');
  const offsets = watchOffsets(ann);
  await ann.choose(await newPhoto('photo.jpg'));
  await ann.uploadedPercent(20);
  await ann.page.getByTestId('upload-pause').click();
  await ann.page.locator('[data-testid="upload"][data-state="paused"]').waitFor();
  await ann.shoot('upload-paused');
  const before = offsets.length;
  await ann.page.getByTestId('upload-resume').click();
  await expect.poll(() => offsets[before], { timeout: 10_000 }).toBeGreaterThan(0);
  await ann.setLine('open');
  await ann.media('ready').first().waitFor();

  await ann.setLine('crawl');
  await ann.choose(await newPhoto('other.jpg'));
  await ann.uploadedPercent(1);
  await ann.page.getByTestId('upload-cancel').click();
  await ann.page.getByTestId('outgoing').waitFor({ state: 'detached' });
  expect(await ann.media('ready').count()).toBe(1);
});

test('an upload that was cut resumes by itself after a reload', async () => {
  const carol = await open('carol');
  await carol.startConversation('ben');
  await carol.setLine('crawl');
  await carol.choose(await newPhoto('photo.jpg'));
  await carol.uploadedPercent(10);
  await carol.setLine('cut');
  await carol.page.getByTestId('offline-banner').waitFor();
  await carol.page.getByTestId('upload').getByText('Waits for the connection').waitFor();
  await carol.shoot('upload-cut');
  const offsets = watchOffsets(carol);
  await carol.page.reload();
  await carol.media('ready').first().waitFor();
  expect(offsets[0]).toBeGreaterThan(0);
  await carol.shoot('upload-resumed');
});

test('a large file is chosen again after a reload, and only the rest of it is sent', async () => {
  const dave = await open('dave');
  const file = join(folder, 'film.bin');
  await writeFile(file, randomBytes(LARGE_BYTES));
  await dave.startConversation('ben');
  await dave.setLine('slow');
  await dave.choose(file);
  await dave.uploadedPercent(1);
  const offsets = watchOffsets(dave);
  await dave.page.reload();
  await dave.page.getByText('Choose film.bin again to continue').waitFor();
  await dave.shoot('upload-choose-again');
  await dave.page.getByTestId('choose-again').setInputFiles(file);
  await dave.page.getByTestId('message').getByText('film.bin').waitFor();
  expect(offsets[0]).toBeGreaterThan(0);
});

test('a click retries a refused message, with its preview, as the same message', async () => {
  const ida = await open('ida');
  await ida.startConversation('ben');
  const refuse = { status: 413, json: { code: 'quota_exceeded', title: 'The quota is used up.' } };
  await ida.page.route('**/v1/media', (route) => route.fulfill(refuse), { times: 1 });
  await ida.choose(await newPhoto('photo.jpg'));
  const preview = ida.page.getByTestId('outgoing').locator('img.preview');
  await ida.page.getByTestId('outgoing').getByText('The quota is used up.').waitFor();
  await preview.waitFor();
  await ida.setLine('crawl');
  await ida.page.getByTestId('outgoing-retry').click();
  await ida.uploadedPercent(1);
  await preview.waitFor();
  await ida.setLine('open');
  await ida.media('ready').first().waitFor();
  expect(await ida.page.getByTestId('message').count()).toBe(1);
});

test('20 photos at once show progress each, and appear side by side at the receiver', async () => {
  const erin = await open('erin');
  await erin.startConversation('frank');
  const frank = await open('frank');
  await frank.openConversation();
  await erin.choose(await photos(20));
  await erin.page.getByTestId('upload').first().waitFor();
  await erin.shoot('twenty-on-their-way');
  await frank.media('ready').nth(19).waitFor();
  await frank.page.locator('.frame[aria-busy="false"]').nth(19).waitFor();
  const names = await frank.page
    .locator('.frame')
    .evaluateAll((frames) => frames.map((frame) => [...frame.querySelectorAll('img')].at(-1)?.alt));
  // Each is sent when it is stored, so that none waits for another.
  const numbers = names.map((name) => Number(/\d+/.exec(name ?? '')?.[0])).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  await erin.page.getByTestId('outgoing').waitFor({ state: 'detached' });
  await frank.shoot('twenty-arrived');
});

test('messages sent without a network go out when it returns, in order, after a reload too', async () => {
  const gina = await open('gina');
  await gina.startConversation('hugo');
  const hugo = await open('hugo');
  await hugo.openConversation();
  await gina.page.context().setOffline(true);
  await gina.page.getByTestId('offline-banner').waitFor();
  await gina.say('first');
  await gina.page.getByTestId('outgoing').getByText('first').waitFor();
  await gina.shoot('offline');
  await gina.page.context().setOffline(false);
  await hugo.message('first').waitFor();

  await gina.setLine('cut');
  await gina.choose(await newPhoto('photo.jpg'));
  await gina.say('second');
  await gina.say('third');
  await gina.page.getByTestId('outgoing').nth(2).waitFor();
  // The page writes its store in the background; a reload keeps what is in it.
  await expect.poll(() => storedKeys(gina.page, 'outgoing'), { timeout: 20_000 }).toHaveLength(3);
  await gina.page.reload();
  await hugo.message('third').waitFor();
  const sent = await hugo.page
    .getByTestId('message')
    .evaluateAll((items) => items.map((item) => item.querySelector('.body')?.textContent ?? 'photo'));
  // Texts do not wait for the photo, and keep their order.
  expect(sent.filter((text) => text !== 'photo')).toEqual(['first', 'second', 'third']);
  await hugo.media('ready').first().waitFor();
});

test('nothing threw in the pages', () => {
  // The browser reports requests that were cut, and the one that was refused, on the console.
  const isMeant = (problem: string) => problem.includes('net::ERR') || problem.includes('status of 413');
  const thrown = tabs.flatMap(({ problems }) => problems.filter((problem) => !isMeant(problem)));
  expect(thrown).toEqual([]);
});
