import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { framesWithin, type Mover } from '../images/qualities.ts';
import type { Motion } from '../inspect/inspection.ts';
import type { Job } from '../job/job.ts';

const TIMEOUT_MS = 120_000;

/** Writes animations with ffmpeg, with fewer frames if all of them would be too many pixels. */
export const ffmpegMover = (job: Job, motion: Motion, ffmpeg: Ffmpeg): Mover => ({
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
