import type { MessagePage } from '@claimcheck/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
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

/** Blocks every media request from the first requested picture on. Resolves when the renewal has failed. */
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

test('a picture interrupted by a lost connection loads when the connection returns', async () => {
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

test.each(['after', 'before'])(
  'a thumbnail that fails %s the picture has loaded is left out',
  async (when) => {
    const first = Promise.withResolvers<void>();
    let asked = 0;
    await ann.page.route('**/thumbnail?*', async (route) => {
      asked += 1;
      if (when === 'after') await first.promise;
      await route.fulfill({ status: 404 });
    });
    await ann.page.route('**/medium?*', async (route) => {
      if (when === 'before') await first.promise;
      await route.continue();
    });
    await ann.page.reload();
    const thumbnail = ann.page.locator('[data-claimcheck-quality="thumbnail"]');
    await expect.poll(() => asked).toBeGreaterThan(0);
    if (when === 'after') await shown('[data-claimcheck-quality="medium"]');
    else await thumbnail.waitFor({ state: 'detached' });
    first.resolve();
    await thumbnail.waitFor({ state: 'detached' });
    await shown('[data-claimcheck-quality="medium"]');
    expect(asked).toBe(1);
    await ann.page.unrouteAll();
  },
);

test('an abandoned thumbnail does not affect the picture that loads later', async () => {
  const ben = await ChatTab.open(browser, system, 'ben');
  await ben.page.route('**/thumbnail?*', (route) => route.fulfill({ status: 404 }));
  // As it was when there was no more than the thumbnail.
  await ben.page.route('**/messages?*', async (route) => {
    const response = await route.fetch();
    const page: MessagePage = await response.json();
    for (const { media } of page.messages)
      if (media) {
        const qualities = media.qualities.filter(({ quality }) => quality === 'thumbnail');
        Object.assign(media, { state: 'processing', rev: 0, qualities });
      }
    await route.fulfill({ response, json: page });
  });
  await ben.openConversation();
  const lost = ben.page.getByText('Could not be loaded');
  await lost.waitFor();
  // Its event contains the current media object, for the first message too.
  const { conversationId, mediaId } = await ann.page.evaluate(() => ({
    conversationId: location.hash.slice(1),
    mediaId: document.querySelector('[data-media-id]')?.getAttribute('data-media-id') ?? '',
  }));
  const again = { client_message_id: 'again', message_type: 'image', media_object_id: mediaId } as const;
  // Photos that follow one another would become an album.
  await ann.say('once more');
  await ann.message('once more').waitFor();
  await ben.message('once more').waitFor();
  await new ChatUser(system, 'ann').send(conversationId, again);
  await lost.waitFor({ state: 'detached' });
  await ben.page.waitForFunction(() => {
    const pictures = document.querySelectorAll<HTMLImageElement>('[data-claimcheck-quality="medium"]');
    return pictures.length === 2 && [...pictures].every(({ naturalWidth }) => naturalWidth > 0);
  });
  await ben.close();
});
