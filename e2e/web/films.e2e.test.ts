import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { makeWithFfmpeg } from '../harness/make-with-ffmpeg.ts';
import { type System, startSystem } from '../harness/system.ts';

const BUNNY = fileURLToPath(new URL('../fixtures/big-buck-bunny-5s.mp4', import.meta.url));
const SECONDS = 3;
/** A busy machine drops frames of a good film, and not in each of so many plays; a bad film always does. */
const PLAYS = 8;
const MAX_DROPPED = 0.05;
/** Seconds of the film between two frames on the screen. */
const MAX_GAP = 0.3;

interface Played {
  frames: number;
  dropped: number;
  /** Moments of the film at which the player had nothing to show. */
  stalls: number[];
  /** Times of the frames that were shown, in seconds. */
  shown: number[];
  duration: number;
}

let system: System;
let browser: Browser;
let page: Page;
let ann: ChatUser;

beforeAll(async () => {
  system = await startSystem(inject('stack'), { DOWNLOAD_MODE: 'proxy' });
  ann = new ChatUser(system, 'ann');
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(`${system.apiUrl}/config.json`);
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

/** Runs in the page: plays a film to its end, at half speed, so that the machine has time for each frame. */
const play = async (src: string): Promise<Played> => {
  const video = document.createElement('video');
  document.body.replaceChildren(video);
  const next = (name: string) =>
    new Promise<void>((resolve, reject) => {
      video.addEventListener(name, () => resolve(), { once: true });
      video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'error')));
    });
  const shown: number[] = [];
  const stalls: number[] = [];
  const onFrame: VideoFrameRequestCallback = (_, { mediaTime }) => {
    shown.push(mediaTime);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  const loaded = next('canplaythrough');
  Object.assign(video, { muted: true, preload: 'auto', src, playbackRate: 0.5 });
  await loaded;
  const ended = next('ended');
  const playing = next('playing');
  await video.play();
  await playing;
  video.addEventListener('waiting', () => stalls.push(video.currentTime));
  await ended;
  const { totalVideoFrames: frames, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
  return { frames, dropped, stalls, shown, duration: video.duration };
};

const faultsOf = ({ frames, dropped, stalls, shown, duration }: Played): string[] => {
  const gaps = [0, ...shown, duration].map((time, index, all) => (all[index + 1] ?? time) - time);
  return [
    ...(frames > SECONDS * 10 ? [] : [`${frames} frames`]),
    ...(dropped <= frames * MAX_DROPPED ? [] : [`${dropped} of ${frames} frames dropped`]),
    ...stalls.map((at) => `stalled at ${at} s`),
    ...gaps.filter((gap) => gap < 0 || gap > MAX_GAP).map((gap) => `${gap} s between two frames`),
  ];
};

/** @returns the faults of the best play */
const playWell = async (src: string): Promise<string[]> => {
  let best: string[] | undefined;
  for (let count = 0; count < PLAYS && best?.length !== 0; count += 1) {
    const faults = faultsOf(await page.evaluate(play, src));
    if (best === undefined || faults.length < best.length) best = faults;
  }
  return best ?? [];
};

const SMALL = ['-vf', 'scale=320:180'];
const X264 = [...SMALL, '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3'];

test.each([
  ['copied out of Matroska', 'mkv', ['-c', 'copy']],
  ['copied, with reordered frames', 'mov', [...X264, '-c:a', 'aac']],
  ['encoded from an AVI with reordered frames', 'avi', [...X264, '-c:a', 'libmp3lame']],
  ['encoded from VP9', 'webm', [...SMALL, '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-c:a', 'libopus']],
  ['encoded from MPEG-2', 'ts', [...SMALL, '-c:v', 'mpeg2video', '-b:v', '1M', '-c:a', 'mp2']],
])('a film that is %s plays in Chromium without dropped frames', async (_, extension, codecs) => {
  const bytes = await makeWithFfmpeg(['-t', String(SECONDS), '-i', BUNNY, ...codecs], extension);
  const id = await ann.upload({ bytes, filename: `film.${extension}`, filetype: 'video/mp4' });
  const media = await ann.mediaIn(id, ['ready', 'degraded'], 60_000);
  expect(media).toMatchObject({ state: 'ready', kind: 'video' });
  const conversation = await ann.startConversation();
  await ann.send(conversation, { client_message_id: id, message_type: 'video', media_object_id: id });
  const opened = await ann.call<{ token: string }>('POST', '/v1/media/session', {
    conversation_id: conversation,
  });
  const src = `${system.apiUrl}/v1/media/${id}/original?t=${opened.body.token}`;
  expect(await playWell(src)).toEqual([]);
});
