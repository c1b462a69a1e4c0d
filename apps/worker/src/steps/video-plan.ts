import { plainFrames, plainTags } from '../ffmpeg/filters.ts';
import type { InspectedVideo } from '../inspect/inspection.ts';

const MAX_LONG_EDGE = 1_920;
const MAX_SHORT_EDGE = 1_080;
const KEYFRAME_SECONDS = 4;
/** Frame rate that a phone plays without trouble; avg_frame_rate is seldom exact. */
const MAX_FRAMES_PER_SECOND = 60;
const FRAME_RATE_TOLERANCE = 1;
/** A camera's file above this is encoded, for members with slow networks. Phones record 1080p below it. */
const MAX_BITS_PER_SECOND = 20_000_000;

export interface VideoPlan {
  /** `copy`: the streams fit unchanged, and only the container is rewritten. */
  mode: 'copy' | 'encode';
  /** Size of the result, as displayed. Pixels. */
  width: number;
  height: number;
  /** ffmpeg's arguments for the streams. */
  codecs: string[];
}

type PlannedVideo = Pick<InspectedVideo, 'video' | 'audio'> & {
  input: Pick<InspectedVideo['input'], 'demuxer'>;
};

/** Returns whether every player shows the stream as it is stored. @param hls HLS loses the rotation */
const playsAsItIs = ({ video, input }: PlannedVideo, hls: boolean): boolean =>
  video.codec === 'h264' &&
  (video.pixelFormat === 'yuv420p' || video.pixelFormat === 'yuvj420p') &&
  !video.hasOddPixels &&
  !video.isInterlaced &&
  video.transfer === undefined &&
  // AVI stores no presentation times: reordered frames would be shown at the wrong ones.
  !(input.demuxer === 'avi' && video.hasReorderedFrames) &&
  !(hls && video.isTurned) &&
  (video.framesPerSecond ?? 0) <= MAX_FRAMES_PER_SECOND + FRAME_RATE_TOLERANCE &&
  (video.bitsPerSecond ?? 0) <= MAX_BITS_PER_SECOND;

/** H.264 (4:2:0, 8 bit) and AAC within 1080p play everywhere; everything else is encoded to that. */
export const planVideo = (source: PlannedVideo, { hls }: { hls: boolean }): VideoPlan => {
  const { video, audio } = source;
  const { width, height } = video;
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const scale = Math.min(1, MAX_LONG_EDGE / long, MAX_SHORT_EDGE / short);
  const isAudible = audio === undefined || audio.codec === 'aac';
  const audioCodec = isAudible ? ['-c:a', 'copy'] : ['-c:a', 'aac', '-b:a', '128k', '-ac', '2'];
  if (playsAsItIs(source, hls) && scale === 1)
    return { mode: isAudible ? 'copy' : 'encode', width, height, codecs: ['-c:v', 'copy', ...audioCodec] };

  const target = { width: even(width * scale), height: even(height * scale) };
  return {
    mode: 'encode',
    ...target,
    codecs: [
      ...['-vf', scaledFrames(video, target).join(','), '-fpsmax', String(MAX_FRAMES_PER_SECOND)],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-profile:v', 'high'],
      ...['-maxrate', '10M', '-bufsize', '20M', ...plainTags(video)],
      ...keyframesEvery(KEYFRAME_SECONDS),
      ...audioCodec,
    ],
  };
};

/** Returns filters for a progressive SDR picture of a size with square pixels. */
export const scaledFrames = (
  video: InspectedVideo['video'],
  { width, height }: { width: number; height: number },
  pixelFormat = 'yuv420p',
): string[] => [...plainFrames(video, `scale=${width}:${height}`), 'setsar=1', `format=${pixelFormat}`];

/** Keyframes are where HLS may cut, and where a player may seek. @param stream such as `:v:1`; default: all */
export const keyframesEvery = (seconds: number, stream = ''): string[] => [
  `-force_key_frames${stream}`,
  `expr:gte(t,n_forced*${seconds})`,
];

// 4:2:0 halves both directions.
export const even = (pixels: number): number => Math.max(2, Math.round(pixels / 2) * 2);
