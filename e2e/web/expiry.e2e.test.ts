import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { longVideo } from '../harness/long-video.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';
import { ChatTab } from './chat-tab.ts';
import { newPhoto } from './photos.ts';

const TOKEN_SECONDS = 3;
/** Lifetime of a media session without renewal; the SDK renews none this early. */
const SESSION = '3s';
/** Of a film of three minutes: nothing is fetched so far ahead. */
const FAR_SECONDS = 150;

let system: System;
let browser: Browser;

beforeAll(async () => {
  // Without TOKEN_SECRETS there are no upload tickets: each request of an upload needs a token that is good.
  system = await startSystem(inject('stack'), {
    MEDIA_SESSION_TTL: SESSION,
    SCAN_POLICY: 'deliver',
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

const expiryOf = (token: string): number => {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return claims.exp * 1_000;
};

test('a token that ends during an upload is replaced unnoticed', async () => {
  const ann = await ChatTab.open(browser, system, 'ann', { tokenSeconds: TOKEN_SECONDS });
  await ann.startConversation('ben');
  const patches: { token: string; at: number }[] = [];
  ann.page.on('request', (request) => {
    const token = request.headers().authorization?.split(' ')[1];
    if (request.method() === 'PATCH' && token) patches.push({ token, at: Date.now() });
  });
  await ann.setLine('crawl');
  await ann.choose(await newPhoto('photo.jpg'));
  await until(
    () => {
      const [first, last] = [patches[0], patches.at(-1)];
      return first && last && last.at > expiryOf(first.token) + 1_000 ? true : undefined;
    },
    { withinMs: 30_000, what: 'the upload to outlive its first token' },
  );
  await ann.setLine('open');
  await ann.media('ready').first().waitFor();
  await ann.page.getByTestId('outgoing').waitFor({ state: 'detached' });
  expect(new Set(patches.map(({ token }) => token)).size).toBeGreaterThan(1);
  // Asked for a ticket, the server says once that it has none.
  expect(ann.problems.filter((problem) => !problem.includes('503'))).toEqual([]);
  await ann.close();
});

test('a video resumes after its session has ended', async () => {
  const host = new ChatUser(system, 'carol');
  const conversation = await host.startConversation('dave');
  const id = await host.upload({ bytes: await longVideo(36), filename: 'film.mp4', filetype: 'video/mp4' });
  await host.send(conversation, {
    client_message_id: randomUUID(),
    message_type: 'video',
    media_object_id: id,
  });
  await host.mediaIn(id, ['ready'], 60_000);
  const dave = await ChatTab.open(browser, system, 'dave', { tokenSeconds: TOKEN_SECONDS });
  await dave.openConversation();
  const video = dave.page.locator('video');
  await video.waitFor();
  const play = (from: number) =>
    video.evaluate((element, seconds) => {
      if (!(element instanceof HTMLVideoElement)) throw new Error('not a video');
      element.muted = true;
      element.currentTime = seconds;
      // Ended by the failure that this is about; the page begins it again.
      element.play().catch(() => {});
    }, from);
  const position = () =>
    video.evaluate((element) => (element instanceof HTMLVideoElement ? element.currentTime : 0));
  const reaches = (seconds: number) =>
    until(async () => ((await position()) > seconds ? true : undefined), {
      withinMs: 30_000,
      what: `the film to play at ${seconds} s`,
    });
  await play(0);
  await reaches(1);
  const address = await video.evaluate((element) =>
    element instanceof HTMLVideoElement ? element.currentSrc : '',
  );
  await until(
    async () => {
      const { status } = await fetch(address, { method: 'HEAD' });
      return status === 401 ? true : undefined;
    },
    { withinMs: 20_000, what: 'the session to end' },
  );
  await play(FAR_SECONDS);
  await reaches(FAR_SECONDS + 1);
  expect(await dave.page.getByText('Could not be loaded').count()).toBe(0);
  await dave.shoot('film-after-expiry');
  await dave.close();
});
