import { join } from 'node:path';
import sharp from 'sharp';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { decoded } from '../images/open-image.ts';
import { sizeWithin } from '../images/qualities.ts';
import { THUMBNAIL_EDGE, thumbhashOf } from '../images/thumbnail.ts';
import type { InspectedVideo } from '../inspect/inspection.ts';
import type { NewDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';

const POSTER_FILE = 'poster.jpg';
const TIMEOUT_MS = 60_000;
const LATEST_SECONDS = 1;

/**
 * A frame near the beginning as jpg, upright, and its thumbhash in base64.
 * @throws MediaFailure `unreadable` when no frame can be decoded
 */
export const makePoster = async (
  job: Job,
  source: InspectedVideo,
  ffmpeg: Ffmpeg,
): Promise<{ poster: NewDerivative; thumbhash: string }> => {
  const path = join(job.folder, POSTER_FILE);
  // Not the first frame, which is often black.
  const at = Math.min(LATEST_SECONDS, source.durationSeconds / 10);
  const size = await takeFrame(job, source, ffmpeg, at).catch(async (error: unknown) => {
    if (!(error instanceof MediaFailure) || at === 0) throw error;
    return takeFrame(job, source, ffmpeg, 0);
  });
  return {
    poster: { quality: 'thumbnail', format: 'jpg', ...size, content: path },
    thumbhash: await thumbhashOf(path),
  };
};

const takeFrame = async (
  job: Job,
  source: InspectedVideo,
  ffmpeg: Ffmpeg,
  atSeconds: number,
): Promise<{ width: number; height: number }> => {
  const size = sizeWithin(source.video, THUMBNAIL_EDGE);
  await ffmpeg.convert(source.input, {
    signal: job.signal,
    timeoutMs: TIMEOUT_MS,
    before: ['-ss', atSeconds.toFixed(3), '-threads', '1'],
    output: [
      ...['-map', '0:V:0', '-an', '-sn', '-dn', '-map_metadata', '-1', '-frames:v', '1'],
      ...['-vf', `scale=${size.width}:${size.height},setsar=1,format=yuvj420p`],
      ...['-q:v', '4', '-f', 'image2', '-update', '1', POSTER_FILE],
    ],
  });
  // ffmpeg ends well without a frame when the stream has none there.
  const { width, height } = await decoded(() => sharp(join(job.folder, POSTER_FILE)).metadata());
  return { width, height };
};
