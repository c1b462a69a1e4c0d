import { join } from 'node:path';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import type { InspectedVideo } from '../inspect/inspection.ts';
import type { NewDerivative } from '../job/derivatives.ts';
import type { Job } from '../job/job.ts';
import { planVideo } from './video-plan.ts';

export const MP4_FILE = 'original.mp4';
const BASE_TIMEOUT_MS = 120_000;
/** A transcode that is slower than real time by this factor is stopped. */
const SLOWEST = 30;
const MAX_TIMEOUT_MS = 6 * 3_600_000;

/**
 * Makes the best playable form of a video: an mp4 that starts before it has loaded, without metadata (a phone's contains the
 * location).
 *
 * @param options.onPercent receives the progress, 0 to 100, whenever ffmpeg reports it
 */
export const transcodeVideo = async (
  job: Job,
  source: InspectedVideo,
  ffmpeg: Ffmpeg,
  { hls, onPercent }: { hls: boolean; onPercent: (percent: number) => void },
): Promise<NewDerivative & { width: number; height: number }> => {
  const plan = planVideo(source, { hls });
  const audio = source.audio === undefined ? [] : ['-map', `0:${source.audio.index}`];
  await ffmpeg.convert(source.input, {
    signal: job.signal,
    timeoutMs: transcodeTimeout(source.durationSeconds),
    maxFileBytes: job.diskBytes,
    background: true,
    output: [
      ...['-map', `0:${source.video.index}`, ...audio, '-sn', '-dn', '-map_chapters', '-1'],
      // The first option is for the file; each stream has metadata, too.
      ...['-map_metadata', '-1', '-map_metadata:s:v', '-1', '-map_metadata:s:a', '-1'],
      ...plan.codecs,
      ...['-max_muxing_queue_size', '1024', '-movflags', '+faststart', '-f', 'mp4', MP4_FILE],
    ],
    onLine: (line) => {
      const percent = percentOf(line, source.durationSeconds);
      if (percent !== undefined) onPercent(percent);
    },
  });
  const { width, height } = plan;
  return { quality: 'original', format: 'mp4', width, height, content: join(job.folder, MP4_FILE) };
};

/** Returns the time limit in milliseconds, by the length of the video. */
export const transcodeTimeout = (durationSeconds: number): number =>
  Math.min(MAX_TIMEOUT_MS, BASE_TIMEOUT_MS + durationSeconds * 1_000 * SLOWEST);

/** Reads a line of `-progress`; undefined when it does not state the position. */
export const percentOf = (line: string, durationSeconds: number): number | undefined => {
  // Microseconds, and "N/A" at first.
  const position = /^out_time_us=(\d+)$/.exec(line)?.[1];
  if (position === undefined || durationSeconds <= 0) return undefined;
  return Math.min(100, Math.floor(Number(position) / 10_000 / durationSeconds));
};
