import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { launchChromium } from '../harness/chromium.ts';
import { type System, startSystem } from '../harness/system.ts';
import { ARTEFACTS, ChatTab } from './chat-tab.ts';
import { measureLoad } from './measure-load.ts';
import { photos } from './photos.ts';

let system: System;
let browser: Browser;
let axe: string;
let ann: ChatTab;

/** Serious and critical violations, as `rule: element`. */
const violations = async (page: Page): Promise<string[]> => {
  // Not as a script tag: the page's policy allows none but its own.
  await page.evaluate(axe);
  const { violations: found, passes } = await page.evaluate<AxeResults>('axe.run()');
  // It did look.
  expect(passes.length).toBeGreaterThan(10);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
};

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  system = await startSystem(inject('stack'));
  browser = await launchChromium();
  ann = await ChatTab.open(browser, system, 'ann');
  await ann.startConversation('ben');
  await ann.say('Look what I saw today');
  await ann.say('מתי ניפגש מחר? https://example.com/a/rather/long/address/that/has/no/space/to/break/at');
  await ann.choose(await photos(4));
  await ann.choose([
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture at all') },
  ]);
  await ann.media('ready').nth(4).waitFor();
  // Media that cannot be shown is a file that everyone can download.
  await ann.page.locator('.file a').nth(1).waitFor();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  let ben: ChatTab;
  beforeAll(async () => {
    ben = await ChatTab.open(browser, system, 'ben', { colorScheme });
    await ben.openConversation();
    await ben.page.locator('.frame[aria-busy="false"]').nth(3).waitFor();
  });
  afterAll(() => ben?.close());

  test('the conversation has no serious accessibility violations', async () => {
    expect(await violations(ben.page)).toEqual([]);
  });

  test('nor have its menu, dialogs, gallery, network panel and unsent messages', async () => {
    await ben.page.getByTestId('message-menu').first().click();
    expect(await violations(ben.page)).toEqual([]);
    await ben.page.getByRole('button', { name: 'Forward' }).click();
    expect(await violations(ben.page)).toEqual([]);
    await ben.page.keyboard.press('Escape');
    await ben.page.locator('.album .open').first().click();
    await ben.page.locator('[data-testid="gallery-image"][data-loaded="true"]').waitFor();
    expect(await violations(ben.page)).toEqual([]);
    await ben.page.getByTestId('gallery-close').click();
    await ben.setLine('cut');
    await ben.say('later');
    await ben.choose(await photos(1));
    await ben.page.getByTestId('upload').waitFor();
    await ben.page.getByTestId('offline-banner').waitFor();
    expect(await violations(ben.page)).toEqual([]);
    await ben.shoot(`panel-${colorScheme}`);
    await ben.page.getByTestId('upload-cancel').click();
    await ben.setLine('open');
  });

  test('nor has the log-in', async () => {
    const page = await browser.newPage({ colorScheme });
    await page.goto(system.apiUrl);
    await page.getByTestId('login-user').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, `login-${colorScheme}.png`) });
    await page.close();
  });
});

/** The widest that a page may be is its window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

describe.each([
  ['320px', { width: 320, height: 640 }],
  ['phone', { width: 390, height: 780 }],
  ['desktop', { width: 1_280, height: 800 }],
] as const)('%s', (size, viewport) => {
  const isPhone = viewport.width < 700;
  test.each(['ltr', 'rtl'])('list, conversation and gallery fit, and have no violations: %s', async (dir) => {
    const tab = await ChatTab.open(browser, system, 'ben', {
      viewport,
      ...(isPhone && { hasTouch: true, isMobile: true }),
    });
    await tab.page.evaluate((wanted) => {
      document.documentElement.dir = wanted;
    }, dir);
    const shoot = async (view: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await tab.page.emulateMedia({ colorScheme });
        await tab.shoot(`${view}-${size}-${dir}-${colorScheme}`);
        expect(await violations(tab.page)).toEqual([]);
      }
      expect(await overflow(tab.page)).toBeLessThanOrEqual(0);
    };
    await tab.page.getByTestId('conversation-item').getByText('ann').waitFor();
    await tab.page.locator('.when').first().waitFor();
    if (isPhone) await shoot('list');
    await tab.openConversation();
    await tab.page.locator('.frame[aria-busy="false"]').nth(3).waitFor();
    await shoot('conversation');
    await tab.page.getByRole('button', { name: 'Media', exact: true }).click();
    await tab.page.locator('.media-grid .frame[aria-busy="false"]').nth(3).waitFor();
    await shoot('media');
    await tab.page.getByText('Sound and files').click();
    await tab.page.locator('.media-grid .file a').first().waitFor();
    expect(await violations(tab.page)).toEqual([]);
    await tab.page.keyboard.press('Escape');
    await tab.add(await photos(3));
    await shoot('composer');
    await tab.page.locator('.album .open').first().click();
    await tab.page.locator('[data-testid="gallery-image"][data-loaded="true"]').waitFor();
    await shoot('gallery');
    const picture = await tab.page.getByTestId('gallery-image').boundingBox();
    expect((picture?.y ?? 0) + (picture?.height ?? 0)).toBeLessThanOrEqual(viewport.height);
    // The next picture lies where the text continues.
    await tab.page.keyboard.press(dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight');
    await tab.page.getByRole('dialog', { name: '2 of' }).waitFor();
    expect(tab.problems).toEqual([]);
    await tab.close();
  });
});

test('the switch of colours wins over the system', async () => {
  const background = () =>
    ann.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await ann.page.getByTestId('theme').getByText('Dark').click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await ann.page.reload();
  await ann.message('Look what I saw today').waitFor();
  expect(await background()).toBe(dark);
});

test('incoming messages are announced to screen readers', async () => {
  const ben = await ChatTab.open(browser, system, 'ben');
  await ben.openConversation();
  await ann.say('Can you hear me?');
  await ben.page.getByTestId('announcement').getByText('ann: Can you hear me?').waitFor();
  await ben.close();
});

test('the page loads fast, and nothing jumps', async () => {
  const url = ann.page.url();
  const wired = await measureLoad(browser, url, 'line as it is');
  const phone = await measureLoad(browser, url, 'slow 4G, a phone');
  await writeFile(join(ARTEFACTS, 'web-load.json'), `${JSON.stringify([wired, phone], null, 2)}\n`);
  process.stderr.write(`${JSON.stringify({ wired, phone })}\n`);
  for (const { layout_shift } of [wired, phone]) expect(layout_shift).toBeLessThan(0.1);
  expect(wired.largest_contentful_paint_ms).toBeLessThan(2_500);
});
