import { join } from 'node:path';
import type { MediaInput } from '../ffmpeg/containers.ts';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { plainStill } from '../ffmpeg/filters.ts';
import type { HdrTransfer } from '../ffmpeg/probe.ts';
import { decoded, openImage } from '../images/open-image.ts';
import type { Job } from '../job/job.ts';
import { SOURCE_FILE } from './fetch.ts';

const DECODED_FILE = 'decoded.png';
const BRIGHT_FILE = 'bright.png';
const TIMEOUT_MS = 60_000;

const toPng = async (
  job: Job,
  input: MediaInput,
  ffmpeg: Ffmpeg,
  filters: readonly string[] = [],
): Promise<string> => {
  await ffmpeg.convert(input, {
    signal: job.signal,
    timeoutMs: TIMEOUT_MS,
    maxFileBytes: job.diskBytes,
    output: [
      ...filters.flatMap((filter) => ['-vf', filter]),
      ...['-frames:v', '1', '-c:v', 'png', '-f', 'image2', '-update', '1', DECODED_FILE],
    ],
  });
  return join(job.folder, DECODED_FILE);
};

/** Writes the first frame of a picture that sharp cannot read as a PNG. @returns its path */
export const decodePicture = (job: Job, demuxer: string, ffmpeg: Ffmpeg): Promise<string> =>
  toPng(job, { folder: job.folder, file: SOURCE_FILE, demuxer }, ffmpeg);

/** Writes a picture that is brighter than a standard screen as a PNG in sRGB. @returns its path */
export const toneMapPicture = async (
  job: Job,
  picture: { path: string; maxPixels: number; transfer: HdrTransfer },
  ffmpeg: Ffmpeg,
): Promise<string> => {
  const { path, maxPixels, transfer } = picture;
  await decoded(() =>
    openImage(path, { maxPixels })
      .toColourspace('rgb16')
      .png({ compressionLevel: 1 })
      .toFile(join(job.folder, BRIGHT_FILE)),
  );
  const input = { folder: job.folder, file: BRIGHT_FILE, demuxer: 'png_pipe' };
  return toPng(job, input, ffmpeg, [plainStill(transfer)]);
};
