import type { InspectedVideo } from '../inspect/inspection.ts';

const MAX_LONG_EDGE = 1_920;
const MAX_SHORT_EDGE = 1_080;
const KEYFRAME_SECONDS = 4;

export interface VideoPlan {
  /** `copy`: the streams fit as they are, only the container is written anew. */
  mode: 'copy' | 'encode';
  /** Of the result, as shown. Pixels. */
  width: number;
  height: number;
  /** ffmpeg's arguments for the streams. */
  codecs: string[];
}

/** H.264 (4:2:0, 8 bit) and AAC within 1080p play everywhere; whatever else is encoded to that. */
export const planVideo = ({ video, audio }: Pick<InspectedVideo, 'video' | 'audio'>): VideoPlan => {
  const { width, height } = video;
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const scale = Math.min(1, MAX_LONG_EDGE / long, MAX_SHORT_EDGE / short);
  const isPlayable =
    video.codec === 'h264' &&
    (video.pixelFormat === 'yuv420p' || video.pixelFormat === 'yuvj420p') &&
    !video.hasOddPixels;
  const isAudible = audio === undefined || audio.codec === 'aac';
  const audioCodec = isAudible ? ['-c:a', 'copy'] : ['-c:a', 'aac', '-b:a', '128k', '-ac', '2'];
  if (isPlayable && scale === 1)
    return { mode: isAudible ? 'copy' : 'encode', width, height, codecs: ['-c:v', 'copy', ...audioCodec] };

  const target = { width: even(width * scale), height: even(height * scale) };
  return {
    mode: 'encode',
    ...target,
    codecs: [
      ...['-vf', `scale=${target.width}:${target.height},setsar=1,format=yuv420p`],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-profile:v', 'high'],
      ...keyframesEvery(KEYFRAME_SECONDS),
      ...audioCodec,
    ],
  };
};

/** Where HLS may cut, and a player may jump to. @param stream such as `:v:1`; all of them by default */
export const keyframesEvery = (seconds: number, stream = ''): string[] => [
  `-force_key_frames${stream}`,
  `expr:gte(t,n_forced*${seconds})`,
];

// 4:2:0 halves both directions.
export const even = (pixels: number): number => Math.max(2, Math.round(pixels / 2) * 2);
