import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { bundlePage } from '../clients/browser/bundle-page.ts';
import { allowCrossOrigin, forbidCrossOrigin } from '../harness/allow-cross-origin.ts';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { makeWithFfmpeg } from '../harness/make-with-ffmpeg.ts';
import { type System, startSystem } from '../harness/system.ts';
import { FilmTab } from './film-tab.ts';

const SECONDS = 64;
/** The player fetches half a minute ahead: this is requested only when the viewer seeks. */
const FAR = 50;
const FAR_SEGMENT = 12;

let browser: Browser;
let script: string;
let film: Buffer;

beforeAll(async () => {
  browser = await launchChromium();
  script = await bundlePage(fileURLToPath(new URL('page/film-page.tsx', import.meta.url)));
  const picture = `testsrc2=size=320x180:rate=24:duration=${SECONDS}`;
  const sound = `sine=frequency=440:duration=${SECONDS}`;
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  film = await makeWithFfmpeg([...inputs, ...codecs], 'mp4');
});
afterAll(() => browser?.close());

describe.each(['hls', 'both'] as const)('VIDEO_DELIVERY=%s', (delivery) => {
  let system: System;
  let ben: ChatUser;
  let talk: string;
  let id: string;
  let tab: FilmTab;

  beforeAll(async () => {
    await allowCrossOrigin(inject('stack'));
    system = await startSystem(inject('stack'), { VIDEO_DELIVERY: delivery, HLS_MIN_DURATION: '2s' });
    const ann = new ChatUser(system, 'ann');
    ben = new ChatUser(system, 'ben');
    talk = await ann.startConversation('ben');
    id = await ann.upload({ bytes: film, filename: 'film.mp4', filetype: 'video/mp4' });
    await ann.mediaIn(id, ['ready'], 100_000);
    await ann.send(talk, { client_message_id: randomUUID(), message_type: 'video', media_object_id: id });
  });
  afterAll(() => system?.stop());
  afterEach(() => tab?.close());

  test('plays by hls.js, and from where the viewer goes, without what lies between', async () => {
    tab = await FilmTab.open(browser, system.apiUrl, script);
    await tab.show(ben, id, talk);
    await tab.canPlay();
    const { length, width } = await tab.look();
    expect(length).toBeCloseTo(SECONDS, 0);
    expect(width).toBeGreaterThan(0);
    expect(Math.max(...tab.segments), 'before anybody plays it').toBeLessThan(2);
    await tab.play();
    await tab.reaches(1);
    await tab.expectHls();
    await tab.seek(FAR);
    await tab.reaches(FAR + 1);
    expect(tab.segments).toContain(FAR_SEGMENT);
    expect(tab.segments).not.toContain(FAR_SEGMENT - 2);
    await tab.expectHls();
  });

  if (delivery === 'both') {
    test('the bucket lets no script read: the mp4 plays, which needs no leave', async () => {
      await forbidCrossOrigin(inject('stack'));
      tab = await FilmTab.open(browser, system.apiUrl, script);
      await tab.show(ben, id, talk);
      await tab.page.waitForFunction(() => document.querySelector('video')?.currentSrc.includes('/original'));
      await tab.play();
      await tab.seek(FAR);
      await tab.reaches(FAR + 1);
      await tab.expectMp4(id);
      await allowCrossOrigin(inject('stack'));
    });

    test('HLS ends in the middle: the mp4 plays on, by itself and from there', async () => {
      tab = await FilmTab.open(browser, system.apiUrl, script);
      await tab.show(ben, id, talk);
      await tab.play();
      await tab.reaches(1);
      await tab.expectHls();
      await tab.cut('hls');
      await tab.seek(FAR);
      await tab.reaches(FAR + 1);
      await tab.expectMp4(id);
      expect(await tab.video.evaluate((video: HTMLVideoElement) => video.muted), 'as it was').toBe(true);
    });

    test('after an outage of every server, the film continues at its position', async () => {
      tab = await FilmTab.open(browser, system.apiUrl, script);
      await tab.show(ben, id, talk);
      await tab.play();
      await tab.reaches(1);
      await tab.cut('all');
      await tab.seek(FAR);
      await tab.page.waitForFunction(() => document.querySelector('video')?.error);
      await tab.heal();
      await tab.reaches(FAR + 1);
      await tab.expectMp4(id);
    });
  } else {
    test('without an mp4, a failed request is repeated, and the film continues', async () => {
      tab = await FilmTab.open(browser, system.apiUrl, script);
      await tab.cut('hls', 1);
      await tab.show(ben, id, talk);
      await tab.play();
      await tab.reaches(1);
      for (const to of [FAR, 35]) {
        await tab.cut('hls', 1);
        await tab.seek(to);
        await tab.reaches(to + 1);
      }
      await tab.expectHls();
    });

    test('without an mp4, and without HLS, it says so', async () => {
      tab = await FilmTab.open(browser, system.apiUrl, script);
      await tab.cut('hls');
      await tab.show(ben, id, talk);
      await tab.page.getByRole('img', { name: 'film.mp4: Could not be loaded' }).waitFor();
    });
  }
});
