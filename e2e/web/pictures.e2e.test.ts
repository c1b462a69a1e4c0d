import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launchChromium } from '../harness/chromium.ts';
import { type System, startSystem } from '../harness/system.ts';
import { ChatTab } from './chat-tab.ts';
import { newPhoto } from './photos.ts';

let system: System;
let browser: Browser;
let ann: ChatTab;

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  browser = await launchChromium();
  ann = await ChatTab.open(browser, system, 'ann');
  await ann.startConversation('ben');
  await ann.choose(await newPhoto('photo.jpg'));
  await ann.page.locator('.frame[aria-busy="false"]').waitFor();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

/** From the first picture on that is asked for, nothing about media is answered. Resolves when renewing has failed. */
const cutAtPicture = async (): Promise<{ renewalFailed: Promise<void> }> => {
  const renewal = Promise.withResolvers<void>();
  let isCut = false;
  await ann.page.route('**/v1/media/**', async (route) => {
    const request = route.request();
    isCut ||= request.resourceType() === 'image';
    if (!isCut) return route.continue();
    await route.abort();
    if (request.url().endsWith('/v1/media/session')) renewal.resolve();
  });
  return { renewalFailed: renewal.promise };
};

const shown = (selector: string) =>
  ann.page.waitForFunction((wanted) => {
    const picture = document.querySelector<HTMLImageElement>(wanted);
    return picture?.complete === true && picture.naturalWidth > 0;
  }, selector);

test('the line is lost as a picture is loaded: it comes with the line', async () => {
  const { renewalFailed } = await cutAtPicture();
  await ann.page.reload();
  await renewalFailed;
  await ann.page.unrouteAll();
  await shown('[data-claimcheck-quality="medium"]');
  expect(await ann.page.getByText('Could not be loaded').count()).toBe(0);
});

test('the same in the gallery', async () => {
  const { renewalFailed } = await cutAtPicture();
  await ann.page.locator('.open:enabled').first().click();
  await renewalFailed;
  await ann.page.unrouteAll();
  await shown('[data-testid="gallery-image"]');
  expect(await ann.page.getByText('could not be loaded').count()).toBe(0);
});
