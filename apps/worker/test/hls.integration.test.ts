import { readFile } from 'node:fs/promises';
import type { OptimizeResponse } from '@claimcheck/contracts/broker-events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { makeWithFfmpeg, probe } from './support/make-video.ts';
import { fixture } from './support/stack.ts';

const BUNNY = fixture('big-buck-bunny-5s.mp4');

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.close());

const transcode = async (content: Uint8Array): Promise<OptimizeResponse> => {
  const request = await harness.upload(content, { contentType: 'video/mp4' });
  await harness.requestTranscode(request);
  return harness.response(request, 'final', 60_000);
};

const hlsOf = (response: OptimizeResponse) => response.processed?.find(({ format }) => format === 'm3u8');

const formsOf = (response: OptimizeResponse) =>
  (response.processed ?? []).map(({ quality, format }) => `${quality}.${format}`).sort();

/** Returns the files that a player loads: every file in the playlists, in order. */
const load = async (playlistUrl: string) => {
  const folder = playlistUrl.slice(0, playlistUrl.lastIndexOf('/') + 1);
  const read = async (name: string) => (await harness.download(folder + name)).toString();
  const names = (playlist: string) =>
    playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const renditions = names(await read('main.m3u8'));
  return Promise.all(
    renditions.map(async (rendition) => {
      const playlist = await read(rendition);
      const init = /URI="([^"]+)"/.exec(playlist)?.[1] ?? '';
      const segments = names(playlist);
      const parts = await Promise.all([init, ...segments].map((name) => harness.download(folder + name)));
      return { playlist, segments, video: await probe(Buffer.concat(parts)) };
    }),
  );
};

describe.each([
  ['hls', 'in place of the mp4', ['high.m3u8', 'thumbnail.jpg']],
  ['both', 'beside the mp4', ['high.m3u8', 'original.mp4', 'thumbnail.jpg']],
])('VIDEO_DELIVERY=%s', (mode, how, forms) => {
  beforeAll(async () => {
    const worker = await harness.startWorker({ VIDEO_DELIVERY: mode, HLS_MIN_DURATION: '2s' });
    return async () => {
      await worker.stop();
    };
  });

  it(`makes a long video HLS ${how}, in two renditions that play`, async () => {
    const final = await transcode(await readFile(BUNNY));
    expect(formsOf(final)).toEqual(forms);
    const hls = hlsOf(final);
    expect(hls).toMatchObject({
      url: `s3://${harness.storage.bucket}/${final.mediaId}/e1/hls/main.m3u8`,
      width: 1_280,
      height: 720,
    });
    const [high, low] = await load(hls?.url ?? '');
    expect(high?.video.streams).toMatchObject([
      { codec_name: 'h264', width: 1_280, height: 720 },
      { codec_name: 'aac' },
    ]);
    expect(low?.video.streams).toMatchObject([{ codec_name: 'h264', height: 480 }, { codec_name: 'aac' }]);
    expect(low?.segments).toHaveLength(2);
    for (const { playlist } of [high, low].filter((rendition) => rendition !== undefined)) {
      expect(playlist).toContain('#EXT-X-ENDLIST');
      // Names alone: the api that serves them decides where they are.
      expect(playlist).not.toMatch(/\/|:\/\//);
    }
    let bytes = 0;
    for (const key of await harness.keysOf(final.mediaId))
      if (key.includes('/hls/')) bytes += (await harness.storage.head(key))?.size_bytes ?? 0;
    expect(hls?.size).toBe(bytes);
  }, 90_000);

  it('leaves a short one an mp4, and one without sound without', async () => {
    const short = await makeWithFfmpeg(['-t', '1', '-i', BUNNY, '-c', 'copy'], 'mp4');
    expect(formsOf(await transcode(short))).toEqual(['original.mp4', 'thumbnail.jpg']);
    const silent = await makeWithFfmpeg(['-i', BUNNY, '-an', '-c:v', 'copy'], 'mp4');
    const final = await transcode(silent);
    const renditions = await load(hlsOf(final)?.url ?? '');
    expect(renditions.map(({ video }) => video.streams.length)).toEqual([1, 1]);
  }, 90_000);

  it('shows both renditions in the shape of a video whose pixels are not square', async () => {
    const video = await makeWithFfmpeg(
      ['-t', '3', '-i', BUNNY, '-an', '-vf', 'scale=960:720,setsar=4/3', '-c:v', 'libx264'],
      'mp4',
    );
    const hls = hlsOf(await transcode(video));
    expect(hls).toMatchObject({ width: 1_280, height: 720 });
    const [high, low] = await load(hls?.url ?? '');
    expect(high?.video.streams).toMatchObject([{ width: 960, height: 720, sample_aspect_ratio: '4:3' }]);
    expect(low?.video.streams).toMatchObject([{ width: 854, height: 480, sample_aspect_ratio: '1:1' }]);
  }, 90_000);
});
