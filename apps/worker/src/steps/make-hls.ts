import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HLS_PLAYLIST } from '@claimcheck/contracts/hls';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import type { Job } from '../job/job.ts';
import type { HlsVideo } from '../job/put-hls.ts';
import { percentOf, transcodeTimeout } from './transcode-video.ts';
import { even, keyframesEvery } from './video-plan.ts';

const FOLDER = 'hls';
const SEGMENT_SECONDS = 4;
/** Short edge of the second rendition, for slow networks. Pixels. */
const LOW_SHORT_EDGE = 480;

/**
 * Makes HLS with fMP4 segments in two renditions: the existing mp4, cut but not encoded again, and a smaller one.
 *
 * @param mp4 the result of `transcodeVideo`, in the job's folder
 * @param onPercent receives the progress, 0 to 100
 */
export const makeHls = async (
  job: Job,
  mp4: { width: number; height: number; file: string; hasSound: boolean; durationSeconds: number },
  ffmpeg: Ffmpeg,
  onPercent: (percent: number) => void,
): Promise<HlsVideo> => {
  const { width, height, file, hasSound, durationSeconds } = mp4;
  await mkdir(join(job.folder, FOLDER));
  const streams = hasSound ? ['-map', '0:v:0', '-map', '0:a:0'] : ['-map', '0:v:0'];
  const low = lowRendition(width, height);
  await ffmpeg.convert(
    { folder: job.folder, file, demuxer: 'mov' },
    {
      signal: job.signal,
      timeoutMs: transcodeTimeout(durationSeconds),
      maxFileBytes: job.diskBytes,
      background: true,
      output: [
        ...streams,
        ...streams,
        ...['-map_metadata', '-1', '-c:v:0', 'copy', '-c:a', 'copy'],
        ...['-c:v:1', 'libx264', '-preset:v:1', 'veryfast', '-profile:v:1', 'main', '-crf:v:1', '25'],
        ...['-maxrate:v:1', '1200k', '-bufsize:v:1', '2400k'],
        ...['-filter:v:1', `scale=${low.width}:${low.height},setsar=1,format=yuv420p`],
        ...keyframesEvery(SEGMENT_SECONDS, ':v:1'),
        ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
        ...['-hls_segment_type', 'fmp4', '-hls_flags', 'independent_segments'],
        // Names are relative to their playlist; %v is the number of the rendition.
        ...['-hls_fmp4_init_filename', 'r%v_init.mp4', '-hls_segment_filename', `${FOLDER}/r%v_%05d.m4s`],
        ...['-master_pl_name', HLS_PLAYLIST, '-var_stream_map', hasSound ? 'v:0,a:0 v:1,a:1' : 'v:0 v:1'],
        `${FOLDER}/r%v.m3u8`,
      ],
      onLine: (line) => {
        const percent = percentOf(line, durationSeconds);
        if (percent !== undefined) onPercent(percent);
      },
    },
  );
  return { folder: join(job.folder, FOLDER), width, height };
};

/** Smaller than the first one in any case, or players would have no choice. */
const lowRendition = (width: number, height: number): { width: number; height: number } => {
  const short = Math.min(width, height);
  const scale = short > LOW_SHORT_EDGE ? LOW_SHORT_EDGE / short : 0.5;
  return { width: even(width * scale), height: even(height * scale) };
};
