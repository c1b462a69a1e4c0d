import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WAVEFORM_PEAKS } from '@claimcheck/contracts/media';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { inspectImage } from '../images/open-image.ts';
import { makeThumbnail } from '../images/thumbnail.ts';
import type { InspectedAudio } from '../inspect/inspection.ts';
import { peaksOf } from '../inspect/peaks.ts';
import type { NewDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';

/** Longer sound gets no outline, and is delivered unchanged: it would take minutes of a slot. */
const MAX_SECONDS = 8 * 3_600;
/** Longer sound is encoded in half the time, for a little less quality: photos wait for the slot. */
const MAX_CAREFUL_SECONDS = 1_800;
/** Longer sound is encoded in mono, so that it fits into the job's folder. */
const MAX_STEREO_SECONDS = 2 * 3_600;
const BASE_TIMEOUT_MS = 120_000;
/** A run that is not faster than real time by this factor is stopped. */
const LEAST_SPEED = 10;
const SAMPLES_FILE = 'samples.u8';
/** Samples a second: enough for an outline. */
const SAMPLE_RATE = 4_000;
const COVER_FILE = 'cover.png';
const M4A_FILE = 'original.m4a';

/** Sound that every browser plays, by demuxer and codec. */
const PLAYABLE: Readonly<Record<string, readonly string[]>> = {
  aac: ['mov', 'aac'],
  mp3: ['mp3'],
  opus: ['ogg', 'matroska'],
};

const isPlayable = ({ audio, input }: InspectedAudio): boolean =>
  PLAYABLE[audio.codec]?.includes(input.demuxer) === true;

/** Runs an optional step: its failure costs only its result. */
const unlessFailed = <T>(made: Promise<T>): Promise<T | undefined> =>
  made.catch((error: unknown) => {
    if (error instanceof MediaFailure) return undefined;
    throw error;
  });

const limitsOf = ({ signal, diskBytes }: Job, { durationSeconds }: InspectedAudio) => ({
  signal,
  timeoutMs: BASE_TIMEOUT_MS + (durationSeconds * 1_000) / LEAST_SPEED,
  maxFileBytes: diskBytes,
});

const readPeaks = async (path: string): Promise<number[]> => {
  const { size } = await stat(path);
  const peaks = await peaksOf(createReadStream(path), { samples: size, count: WAVEFORM_PEAKS });
  await rm(path);
  return peaks;
};

/** Returns the peaks of a sound; undefined for a longer one than is examined. */
export const readWaveform = async (
  job: Job,
  sound: InspectedAudio,
  ffmpeg: Ffmpeg,
): Promise<number[] | undefined> => {
  if (sound.durationSeconds > MAX_SECONDS) return undefined;
  const output = ['-map', `0:${sound.audio.index}`, '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 'u8'];
  return unlessFailed(
    ffmpeg
      .convert(sound.input, { ...limitsOf(job, sound), output: [...output, SAMPLES_FILE] })
      .then(() => readPeaks(join(job.folder, SAMPLES_FILE))),
  );
};

/** Makes a thumbnail and its thumbhash from the cover picture; undefined without one. */
export const makeCover = async (
  job: Job,
  sound: InspectedAudio,
  tools: { ffmpeg: Ffmpeg; maxPixels: number },
): Promise<Awaited<ReturnType<typeof makeThumbnail>> | undefined> => {
  const { cover, input } = sound;
  if (cover === undefined) return undefined;
  const path = join(job.folder, COVER_FILE);
  const output = ['-map', `0:${cover}`, '-frames:v', '1', '-c:v', 'png', '-f', 'image2', '-update', '1'];
  return unlessFailed(
    tools.ffmpeg
      .convert(input, { ...limitsOf(job, sound), output: [...output, COVER_FILE] })
      .then(async () => makeThumbnail({ path, image: await inspectImage(path, tools.maxPixels) })),
  );
};

/** Returns ffmpeg's arguments that encode a sound of this length. */
export const aacFor = (durationSeconds: number): string[] => [
  ...['-c:a', 'aac', ...(durationSeconds <= MAX_CAREFUL_SECONDS ? [] : ['-aac_coder', 'fast'])],
  ...(durationSeconds <= MAX_STEREO_SECONDS ? ['-b:a', '128k', '-ac', '2'] : ['-b:a', '64k', '-ac', '1']),
];

/** Makes an m4a of a sound that some browser cannot play; undefined for any other. */
export const makePlayableSound = async (
  job: Job,
  sound: InspectedAudio,
  ffmpeg: Ffmpeg,
): Promise<NewDerivative | undefined> => {
  if (isPlayable(sound) || sound.durationSeconds > MAX_SECONDS) return undefined;
  const codec = sound.audio.codec === 'aac' ? ['-c:a', 'copy'] : aacFor(sound.durationSeconds);
  await ffmpeg.convert(sound.input, {
    ...limitsOf(job, sound),
    background: true,
    output: [
      ...['-map', `0:${sound.audio.index}`, '-vn', '-sn', '-dn', '-map_chapters', '-1'],
      ...['-map_metadata', '-1', '-map_metadata:s:a', '-1', ...codec],
      ...['-movflags', '+faststart', '-f', 'mp4', M4A_FILE],
    ],
  });
  return { quality: 'original', format: 'm4a', content: join(job.folder, M4A_FILE) };
};
