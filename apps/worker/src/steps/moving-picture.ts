import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { framesWithin, hasTooManyFrames, largestMoving, type Mover } from '../images/qualities.ts';
import { decodedFrames, sampleFrames } from '../images/sample-frames.ts';
import type { InspectedImage, Motion } from '../inspect/inspection.ts';
import type { Job } from '../job/job.ts';

/** Pixels of all frames that are decoded of an animation. More take minutes, so a larger animation becomes a still. */
export const MAX_DECODED_PIXELS = 6_000_000_000;
const FRAMES_FILE = 'frames.rgba';

const TIMEOUT_MS = 120_000;

/** Writes animations with ffmpeg, with fewer frames if all of them would be too many pixels. */
const ffmpegMover = (job: Job, motion: Motion, ffmpeg: Ffmpeg): Mover => ({
  maxFrames: motion.frames,
  encode: async (size, quality) => {
    const { width, height } = size;
    const file = `moving-${width}x${height}-${quality}.webp`;
    const frames = framesWithin(size, motion.frames);
    const isThinned = frames < motion.frames && motion.durationSeconds > 0;
    await ffmpeg.convert(motion.input, {
      signal: job.signal,
      timeoutMs: TIMEOUT_MS,
      maxFileBytes: job.diskBytes,
      background: true,
      output: [
        ...['-map', '0:v:0', '-frames:v', String(frames)],
        ...['-vf', `${isThinned ? `fps=${frames / motion.durationSeconds},` : ''}scale=${width}:${height}`],
        ...['-c:v', 'libwebp_anim', '-q:v', String(quality), '-compression_level', '2', '-loop', '0'],
        ...['-f', 'webp', file],
      ],
    });
    return { data: await readFile(join(job.folder, file)), width, height };
  },
});

/**
 * Returns how to write an animation that sharp does not keep as it is; undefined for any other picture.
 * @throws MediaFailure
 */
export const moverOf = async (
  job: Job,
  picture: InspectedImage,
  ffmpeg: Ffmpeg,
): Promise<Mover | undefined> => {
  const motion = picture.motion ?? (await sampleWebp(job, picture, ffmpeg));
  return motion === undefined ? undefined : ffmpegMover(job, motion, ffmpeg);
};

/** ffmpeg 5 decodes no animated WebP, so sharp decodes it, and ffmpeg writes the frames that are kept. */
const sampleWebp = async (job: Job, picture: InspectedImage, ffmpeg: Ffmpeg): Promise<Motion | undefined> => {
  const { image, contentType } = picture;
  if (contentType !== 'image/webp' || !hasTooManyFrames(image) || !ffmpeg.isAvailable) return undefined;
  if (decodedFrames(image.frames) * image.width * image.height > MAX_DECODED_PIXELS) return undefined;
  const size = largestMoving(image);
  const frames = framesWithin(size, image.frames);
  const to = { size, moments: frames, signal: job.signal };
  const durationSeconds = await sampleFrames(picture, join(job.folder, FRAMES_FILE), to);
  const video = ['-pixel_format', 'rgba', '-video_size', `${size.width}x${size.height}`];
  const options = [...video, '-framerate', String(frames / durationSeconds)];
  const input = { folder: job.folder, file: FRAMES_FILE, demuxer: 'rawvideo', options };
  return { input, frames, durationSeconds };
};
