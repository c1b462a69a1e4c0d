import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { videoFile } from '../../harness/fixtures.ts';
import { makeWithFfmpeg } from '../../harness/make-with-ffmpeg.ts';
import { percentile } from '../measure/percentile.ts';
import type { BenchPhotos } from './bench-photos.ts';
import { asPhoto, asVideo, type Viewer } from './viewer.ts';

/** Measures 5 s of 720p that is already H.264. @returns the median until it is ready, in ms */
export const measureShortVideo = async (viewer: Viewer, count: number): Promise<number> => {
  const bytes = await videoFile();
  const ready: number[] = [];
  for (let video = 0; video < count; video += 1)
    ready.push((await viewer.show(asVideo(bytes), 'video')).ready_ms);
  return percentile(ready, 0.5);
};

export interface BesideFigures {
  photos: number;
  preview_p50_ms: number;
  preview_p95_ms: number;
}

/** Measures previews of photos during a 4K transcode. @throws when the video was done too early to tell */
export const measureBesideTranscode = async (
  viewer: Viewer,
  photos: BenchPhotos,
  options: { count: number; seconds: number },
): Promise<BesideFigures> => {
  const video = await viewer.send(asVideo(await make4kVideo(options.seconds)), 'video');
  await viewer.untilTranscoding(video);
  const previews: number[] = [];
  for (const photo of photos.take(options.count)) {
    const { preview_ms } = await viewer.show(asPhoto(photo), 'image');
    if (await viewer.isReady(video)) break;
    previews.push(preview_ms);
  }
  if (previews.length < options.count / 2)
    throw new Error(`the video was ready after ${previews.length} photos: too short to measure beside it`);
  return {
    photos: previews.length,
    preview_p50_ms: percentile(previews, 0.5),
    preview_p95_ms: percentile(previews, 0.95),
  };
};

const CLIP_SECONDS = 2;

/** Repeats a clip: quick to make, and as expensive to encode as a film of that length. */
const make4kVideo = async (seconds: number): Promise<Buffer> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-4k-'));
  try {
    const clip = join(folder, 'clip.mp4');
    const pattern = `testsrc2=size=3840x2160:rate=30:duration=${CLIP_SECONDS}`;
    await writeFile(
      clip,
      await makeWithFfmpeg(['-f', 'lavfi', '-i', pattern, '-c:v', 'mpeg4', '-q:v', '6'], 'mp4'),
    );
    const repeats = Math.ceil(seconds / CLIP_SECONDS) - 1;
    return await makeWithFfmpeg(['-stream_loop', String(repeats), '-i', clip, '-c', 'copy'], 'mp4');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
