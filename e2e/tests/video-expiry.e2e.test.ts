import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { longVideo } from '../harness/long-video.ts';
import { type System, startSystem } from '../harness/system.ts';

const TIMES = 36;
/** What everything signed or opened lives, and so often the film is sought in after that. */
const LIFE_MS = 2_000;
const EXPIRIES = 3;

interface Watched {
  /** Events that a viewer would notice, with where they happened. */
  interruptions: string[];
  /** Longest time in milliseconds from a seek until a picture of the new place. */
  slowest_seek_ms: number;
  played_seconds: number;
  loads: number;
}

/** Runs in the page: plays, and seeks somewhere new after every `everyMs`. */
const watch = async (options: {
  src: string;
  seeks: number;
  everyMs: number;
  renew: { url: string; token: string; body: string };
}): Promise<Watched> => {
  const watched: Watched = { interruptions: [], slowest_seek_ms: 0, played_seconds: 0, loads: 0 };
  const video = document.createElement('video');
  let isPlaying = false;
  document.body.replaceChildren(video);
  video.muted = true;
  const { renew } = options;
  // As the SDK does: the session is renewed in time, and nothing in the page changes.
  const timer = setInterval(() => {
    fetch(renew.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${renew.token}`, 'content-type': 'application/json' },
      body: renew.body,
    }).catch(() => watched.interruptions.push('renewal failed'));
  }, options.everyMs / 4);
  const next = (name: string) =>
    new Promise<void>((resolve, reject) => {
      video.addEventListener(name, () => resolve(), { once: true });
      video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'error')), {
        once: true,
      });
    });
  video.addEventListener('loadstart', () => {
    watched.loads += 1;
  });
  video.addEventListener('waiting', () => {
    if (isPlaying && !video.seeking) watched.interruptions.push(`waiting at ${video.currentTime}`);
  });
  for (const name of ['error', 'emptied', 'abort'])
    video.addEventListener(name, () => {
      if (watched.loads > 0) watched.interruptions.push(`${name} at ${video.currentTime}`);
    });
  const playing = next('playing');
  video.src = options.src;
  await video.play();
  await playing;
  isPlaying = true;
  for (let seek = 1; seek <= options.seeks; seek += 1) {
    const from = video.currentTime;
    await new Promise((resolve) => setTimeout(resolve, options.everyMs));
    watched.played_seconds += video.currentTime - from;
    const sought = next('seeked');
    const began = performance.now();
    video.currentTime = (video.duration * seek) / (options.seeks + 1);
    await sought;
    watched.slowest_seek_ms = Math.max(watched.slowest_seek_ms, performance.now() - began);
  }
  const from = video.currentTime;
  await new Promise((resolve) => setTimeout(resolve, options.everyMs / 2));
  watched.played_seconds += video.currentTime - from;
  clearInterval(timer);
  return watched;
};

describe.each(['proxy', 'redirect'] as const)('DOWNLOAD_MODE=%s', (mode) => {
  let system: System;
  let browser: Browser;
  let page: Page;
  let ann: ChatUser;
  let conversation: string;
  let id: string;

  beforeAll(async () => {
    const life = `${LIFE_MS}ms`;
    system = await startSystem(inject('stack'), {
      DOWNLOAD_MODE: mode,
      SCAN_POLICY: 'deliver',
      MEDIA_SESSION_TTL: life,
      SIGNED_URL_MIN: '1s',
      SIGNED_URL_MAX: '1s',
      SIGNED_URL_STEP: '1s',
    });
    ann = new ChatUser(system, 'ann');
    conversation = await ann.startConversation();
    id = await ann.upload({ bytes: await longVideo(TIMES), filename: 'film.mp4', filetype: 'video/mp4' });
    await ann.send(conversation, { client_message_id: 'a', message_type: 'video', media_object_id: id });
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`${system.apiUrl}/config.json`);
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });

  test('a film outlives everything that was signed or opened for it, seeking included', async () => {
    const { body } = await ann.call<{ token: string }>('POST', '/v1/media/session', {
      conversation_id: conversation,
    });
    const asked: { status: number; range: string | undefined; host: string }[] = [];
    page.on('response', (response) => {
      if (!response.url().includes(id)) return;
      asked.push({
        status: response.status(),
        range: response.request().headers().range,
        host: new URL(response.url()).host,
      });
    });
    const watched = await page.evaluate(watch, {
      src: `${system.apiUrl}/v1/media/${id}/source?t=${body.token}`,
      seeks: EXPIRIES,
      everyMs: LIFE_MS * 1.2,
      renew: {
        url: `${system.apiUrl}/v1/media/session`,
        token: ann.token,
        body: JSON.stringify({ conversation_id: conversation }),
      },
    });
    expect(watched.interruptions).toEqual([]);
    expect(watched.loads).toBe(1);
    // Each seek went to where nothing was fetched yet.
    const served = asked.filter(({ status }) => status === 206);
    expect(served.length, JSON.stringify(asked)).toBeGreaterThan(EXPIRIES);
    expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
    expect(watched.played_seconds).toBeGreaterThan((EXPIRIES * LIFE_MS * 1.2) / 1_000 - 2);
    process.stderr.write(`${mode}: slowest seek ${watched.slowest_seek_ms.toFixed(0)} ms\n`);
    expect(watched.slowest_seek_ms).toBeLessThan(5_000);
  });

  test('without a renewal the same URL is refused', async () => {
    const { body } = await ann.call<{ token: string; expires_at: string }>('POST', '/v1/media/session', {
      conversation_id: conversation,
    });
    const url = `${system.apiUrl}/v1/media/${id}/source?t=${body.token}`;
    await expect
      .poll(async () => (await fetch(url, { method: 'HEAD' })).status, { timeout: LIFE_MS * 3 })
      .toBe(401);
    expect(Date.now()).toBeGreaterThan(Date.parse(body.expires_at));
  });
});
