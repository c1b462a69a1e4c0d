import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { sizeWithin } from '../images/image-size.ts';
import { decoded } from '../images/open-image.ts';
import { THUMBNAIL_EDGE, thumbhashOf } from '../images/thumbnail.ts';
import type { InspectedVideo } from '../inspect/inspection.ts';
import type { NewDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { scaledFrames } from './video-plan.ts';

const POSTER_FILE = 'poster.jpg';
const NEXT_FILE = 'frame.jpg';
const TIMEOUT_MS = 60_000;
const FIRST_SECONDS = 1;
/** Positions at which to search for a frame with visible content, as shares of the length. */
const LATER = [0.25, 0.5, 0.75];
/** Standard deviation of every channel, of 255, below which a frame is nearly one colour. */
const FLAT_DEVIATION = 6;

interface Frame {
  width: number;
  height: number;
  deviation: number;
}

/**
 * Makes a jpg of a frame near the start, upright, and not nearly one colour if the film has another.
 * @returns the poster, and its thumbhash in base64
 * @throws MediaFailure `unreadable` when no frame can be decoded
 */
export const makePoster = async (
  job: Job,
  source: InspectedVideo,
  ffmpeg: Ffmpeg,
): Promise<{ poster: NewDerivative; thumbhash: string }> => {
  // Not the first frame, which is often black.
  const at = Math.min(FIRST_SECONDS, source.durationSeconds / 10);
  const first = await takeFrame(job, source, ffmpeg, at).catch(async (error: unknown) => {
    if (!(error instanceof MediaFailure) || at === 0) throw error;
    return takeFrame(job, source, ffmpeg, 0);
  });
  const { width, height } = await findFrame(job, source, ffmpeg, first);
  const path = join(job.folder, POSTER_FILE);
  return {
    poster: { quality: 'thumbnail', format: 'jpg', width, height, content: path },
    thumbhash: await thumbhashOf(path),
  };
};

/** Keeps the first frame with visible content as the poster; without one, the last frame tried. */
const findFrame = async (job: Job, source: InspectedVideo, ffmpeg: Ffmpeg, first: Frame): Promise<Frame> => {
  let frame = first;
  for (const share of LATER) {
    if (frame.deviation >= FLAT_DEVIATION) break;
    const later = await takeFrame(job, source, ffmpeg, source.durationSeconds * share).catch(
      (error: unknown) => {
        if (error instanceof MediaFailure) return undefined;
        throw error;
      },
    );
    if (later === undefined) break;
    frame = later;
  }
  return frame;
};

const takeFrame = async (
  job: Job,
  source: InspectedVideo,
  ffmpeg: Ffmpeg,
  atSeconds: number,
): Promise<Frame> => {
  const size = sizeWithin(source.video, THUMBNAIL_EDGE);
  await ffmpeg.convert(source.input, {
    signal: job.signal,
    timeoutMs: TIMEOUT_MS,
    // Even a seek to 0 may skip the only keyframe, because of another stream's index.
    before: [...(atSeconds === 0 ? [] : ['-ss', atSeconds.toFixed(3)]), '-threads', '1'],
    output: [
      ...['-map', `0:${source.video.index}`, '-an', '-sn', '-dn', '-map_metadata', '-1', '-frames:v', '1'],
      ...['-vf', scaledFrames(source.video, size, 'rgb24').join(',')],
      // Converts by way of RGB, because a JPEG has other colour coefficients than a film.
      ...['-pix_fmt', 'yuvj420p'],
      ...['-q:v', '4', '-f', 'image2', '-update', '1', NEXT_FILE],
    ],
  });
  const next = join(job.folder, NEXT_FILE);
  // ffmpeg succeeds without a frame when the stream has none there.
  const { width, height } = await decoded(() => sharp(next).metadata());
  const { channels } = await decoded(() => sharp(next).stats());
  await rename(next, join(job.folder, POSTER_FILE));
  return { width, height, deviation: Math.max(...channels.map(({ stdev }) => stdev)) };
};
