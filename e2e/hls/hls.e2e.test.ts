import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { bundlePage } from '../clients/browser/bundle-page.ts';
import { allowCrossOrigin } from '../harness/allow-cross-origin.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { videoFile } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';
import { until } from '../harness/until.ts';
import type {} from './play-page.ts';

let browser: Browser;
let script: string;

beforeAll(async () => {
  await allowCrossOrigin(inject('stack'));
  browser = await launchChromium();
  script = await bundlePage(new URL('./play-page.ts', import.meta.url).pathname);
});
afterAll(() => browser?.close());

describe.each(['proxy', 'redirect'] as const)('DOWNLOAD_MODE=%s', (mode) => {
  let system: System;
  let ann: ChatUser;
  let ben: ChatUser;
  let id: string;
  let conversation: string;

  beforeAll(async () => {
    system = await startSystem(inject('stack'), {
      DOWNLOAD_MODE: mode,
      VIDEO_DELIVERY: mode === 'proxy' ? 'hls' : 'both',
      HLS_MIN_DURATION: '2s',
    });
    ann = new ChatUser(system, 'ann');
    ben = new ChatUser(system, 'ben');
    conversation = await ann.startConversation('ben');
    id = await ann.upload({ bytes: await videoFile(), filename: 'bunny.mp4', filetype: 'video/mp4' });
    await ann.mediaIn(id, ['ready'], 60_000);
    await ann.send(conversation, {
      client_message_id: randomUUID(),
      message_type: 'video',
      media_object_id: id,
    });
  });
  afterAll(() => system?.stop());

  test('the media object names HLS as its format', async () => {
    const media = await ben.media(id);
    expect(media.qualities).toContainEqual(
      expect.objectContaining({ quality: 'high', format: 'm3u8', width: 1_280, height: 720 }),
    );
    expect(media.highUrl).toBe(`${system.apiUrl}/v1/media/${id}/high?v=1`);
    expect(media.mediaUrl).toBe(
      `${system.apiUrl}/v1/media/${id}/${mode === 'proxy' ? 'high' : 'original'}?v=1`,
    );
  });

  test('its playlist comes from our own origin, by every permitted credential', async () => {
    const playlist = `${system.apiUrl}/v1/media/${id}/hls/1/main.m3u8`;
    const redirected = await ben.fetch(`/v1/media/${id}/high`, { redirect: 'manual' });
    expect(redirected.headers.get('location')).toBe(playlist);
    const { body } = await ben.call<{ items: { url: string }[] }>('POST', '/v1/media/urls', {
      items: [{ id, quality: 'high' }],
    });
    // Every name in it contains the session's token, because a relative name does not inherit a query.
    const url = body.items[0]?.url ?? '';
    expect(url).toMatch(new RegExp(`^${playlist}\\?t=[\\w-]{43}$`));
    expect(await (await fetch(url)).text()).toMatch(/^r0\.m3u8\?t=[\w-]{43}$/m);
    const answer = await ben.fetch(`/v1/media/${id}/hls/1/main.m3u8`, { redirect: 'manual' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(await answer.text()).toContain('r0.m3u8');
    const segment = await ben.fetch(`/v1/media/${id}/hls/1/r0_00000.m4s`, { redirect: 'manual' });
    expect(segment.status).toBe(mode === 'proxy' ? 200 : 302);
    await segment.body?.cancel();
  });

  test('other users get none of its files, and other names get 404', async () => {
    const eve = new ChatUser(system, 'eve');
    for (const file of ['main.m3u8', 'r0.m3u8', 'r0_init.mp4', 'r0_00000.m4s'])
      expect((await eve.call('GET', `/v1/media/${id}/hls/1/${file}`)).status).toBe(404);
    const names = ['source', '..%2f..%2fsource', 'r0_00000.m4s%00', 'thumbnail.jpg', '.m3u8', 'a%2fb.m4s'];
    for (const name of names)
      expect((await ann.call('GET', `/v1/media/${id}/hls/1/${name}`)).status).toBe(404);
    for (const epoch of ['0', '-1', '1e0', '01', 'x'])
      expect((await ann.call('GET', `/v1/media/${id}/hls/${epoch}/main.m3u8`)).status).toBe(404);
    expect((await ann.call('GET', `/v1/media/${id}/hls/2/main.m3u8`)).status).toBe(409);
    const anonymous = await fetch(`${system.apiUrl}/v1/media/${id}/hls/1/main.m3u8`);
    expect(anonymous.status).toBe(401);
    await anonymous.body?.cancel();
  });

  test('a member plays it in Chromium', async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${system.apiUrl}/config.json`);
    await page.addScriptTag({ content: script });
    await page.evaluate((task) => window.play(task), { url: `/v1/media/${id}/high`, token: ben.token });
    const report = await until(
      async () => {
        const played = await page.evaluate(() => window.played);
        return played.error !== undefined || played.position > 1 ? played : undefined;
      },
      { withinMs: 40_000, what: 'the video to play' },
    );
    await context.close();
    expect(report.error).toBeUndefined();
    expect(report.levels).toBe(2);
    expect(report.duration).toBeCloseTo(5.3, 0);
    expect(report.width).toBeGreaterThan(0);
  });
});
