import { LIMITS } from '@claimcheck/contracts/limits';
import { z } from 'zod';
import { MediaFailure } from '../job/media-failure.ts';

export interface VideoStream {
  codec: string;
  pixelFormat: string | undefined;
  /** As shown: with square pixels, after the rotation. Pixels. */
  width: number;
  height: number;
  /** The file has pixels of a shape that is not believed; what it says of that must not reach a player. */
  hasOddPixels: boolean;
}

export interface Probe {
  video: VideoStream | undefined;
  audio: { codec: string } | undefined;
  /** As the container says; undefined in files that were recorded as a stream, or lie. */
  durationSeconds: number | undefined;
}

/** How much wider than high a pixel may be, and the other way round. Those of television are within 1:3. */
const MAX_PIXEL_RATIO = 10;

const MAX_SECONDS = Math.floor(LIMITS.count / 1_000);

/** Whether anything lasts so long: a changed byte is enough to make a second into a year. */
export const isPlausible = (seconds: number): boolean => seconds >= 0 && seconds <= MAX_SECONDS;

const seconds = z.string().transform(Number).refine(isPlausible).optional().catch(undefined);

const outputSchema = z.object({
  format: z.object({ duration: seconds }).default({ duration: undefined }),
  streams: z
    .array(
      z.object({
        codec_type: z.string().optional(),
        codec_name: z.string().default('unknown'),
        pix_fmt: z.string().optional(),
        width: z.int().optional(),
        height: z.int().optional(),
        /** Such as `4:3`; `0:1` or `N/A` when it is not said. */
        sample_aspect_ratio: z.string().optional(),
        duration: seconds,
        disposition: z.object({ attached_pic: z.int().default(0) }).default({ attached_pic: 0 }),
        side_data_list: z.array(z.looseObject({ rotation: z.number().optional() })).default([]),
      }),
    )
    .default([]),
});
type Stream = z.infer<typeof outputSchema>['streams'][number];

/** Reads ffprobe's JSON. @throws MediaFailure `unreadable` */
export const readProbe = (json: string): Probe => {
  const parsed = outputSchema.safeParse(parseJson(json));
  if (!parsed.success) throw new MediaFailure('unreadable', { detail: 'ffprobe said nothing useful' });
  const { format, streams } = parsed.data;
  // A cover picture in an audio file is a "video" stream, too.
  const video = streams.find(
    (stream) => stream.codec_type === 'video' && stream.disposition.attached_pic === 0,
  );
  const audio = streams.find((stream) => stream.codec_type === 'audio');
  const durations = [video, audio].map((stream) => stream?.duration).filter((value) => value !== undefined);
  return {
    video: video === undefined ? undefined : toVideo(video),
    audio: audio === undefined ? undefined : { codec: audio.codec_name },
    durationSeconds: durations.length > 0 ? Math.max(...durations) : format.duration,
  };
};

const toVideo = (stream: Stream): VideoStream => {
  const { width = 0, height = 0 } = stream;
  if (width <= 0 || height <= 0) throw new MediaFailure('unreadable', { detail: 'a video without a size' });
  const rotation = stream.side_data_list.find((entry) => entry.rotation !== undefined)?.rotation ?? 0;
  const isTurned = Math.abs(Math.round(rotation / 90)) % 2 === 1;
  const ratio = pixelRatio(stream.sample_aspect_ratio);
  const hasOddPixels = Math.max(ratio, 1 / ratio) > MAX_PIXEL_RATIO;
  // As browsers do, one edge grows and none shrinks.
  const shownWidth = hasOddPixels ? width : Math.round(width * Math.max(1, ratio));
  const shownHeight = hasOddPixels ? height : Math.round(height * Math.max(1, 1 / ratio));
  return {
    codec: stream.codec_name,
    pixelFormat: stream.pix_fmt,
    width: isTurned ? shownHeight : shownWidth,
    height: isTurned ? shownWidth : shownHeight,
    hasOddPixels,
  };
};

/** Width of a pixel divided by its height. */
const pixelRatio = (text = ''): number => {
  const [, width, height] = /^([1-9]\d*):([1-9]\d*)$/.exec(text) ?? [];
  return Number(width ?? 1) / Number(height ?? 1);
};

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};
