import { LIMITS } from '@claimcheck/contracts/limits';
import { z } from 'zod';
import { MediaFailure } from '../job/media-failure.ts';

export interface VideoStream {
  codec: string;
  pixelFormat: string | undefined;
  /** As shown: after the rotation. Pixels. */
  width: number;
  height: number;
}

export interface Probe {
  video: VideoStream | undefined;
  audio: { codec: string } | undefined;
  /** As the container says; undefined in files that were recorded as a stream, or lie. */
  durationSeconds: number | undefined;
}

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
  return {
    codec: stream.codec_name,
    pixelFormat: stream.pix_fmt,
    width: isTurned ? height : width,
    height: isTurned ? width : height,
  };
};

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};
