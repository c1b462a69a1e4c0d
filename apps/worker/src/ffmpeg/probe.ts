import { LIMITS } from '@claimcheck/contracts/limits';
import { z } from 'zod';
import { MediaFailure } from '../job/media-failure.ts';
import { isDecodable } from './codecs.ts';

/** A curve for more brightness than a standard screen shows: hybrid log-gamma, or perceptual quantiser. */
export type HdrTransfer = 'arib-std-b67' | 'smpte2084';

export interface VideoStream {
  /** Number of the stream in the file. */
  index: number;
  codec: string;
  pixelFormat: string | undefined;
  /** As displayed: with square pixels, after the rotation. Pixels. */
  width: number;
  height: number;
  /** The file states an implausible pixel shape, which must not reach a player. */
  hasOddPixels: boolean;
  /** Stored rotated or mirrored; the container says how to display it. */
  isTurned: boolean;
  isInterlaced: boolean;
  /** Frames are stored in another order than they are displayed. */
  hasReorderedFrames: boolean;
  /** Undefined for a standard screen's range. */
  transfer: HdrTransfer | undefined;
  framesPerSecond: number | undefined;
  bitsPerSecond: number | undefined;
}

export interface AudioStream {
  index: number;
  codec: string;
}

export interface Probe {
  /** The first decodable stream of its type. */
  video: VideoStream | undefined;
  audio: AudioStream | undefined;
  /** Number of the stream that holds a cover picture. */
  cover: number | undefined;
  /** Types with streams, none of which can be decoded. */
  unsupported: { video: boolean; audio: boolean };
  /** As the container states; undefined in files that were recorded as a stream, or state a false length. */
  durationSeconds: number | undefined;
}

/** Largest ratio between a pixel's width and height, either way. Television's pixels are within 1:3. */
const MAX_PIXEL_RATIO = 10;

const MAX_SECONDS = Math.floor(LIMITS.count / 1_000);

/** Returns whether a file can be this long: one changed byte turns a second into a year. */
export const isPlausible = (seconds: number): boolean => seconds >= 0 && seconds <= MAX_SECONDS;

const seconds = z.string().transform(Number).refine(isPlausible).optional().catch(undefined);

const count = z.coerce.number().positive().finite().optional().catch(undefined);

/** Such as `30000/1001`; `0/0` when the file does not say. */
const rate = z
  .string()
  .transform((text) => {
    const [frames = Number.NaN, seconds = Number.NaN] = text.split('/').map(Number);
    return frames / seconds;
  })
  .refine((value) => Number.isFinite(value) && value > 0)
  .optional()
  .catch(undefined);

const outputSchema = z.object({
  format: z
    .object({ duration: seconds, bit_rate: count })
    .default({ duration: undefined, bit_rate: undefined }),
  streams: z
    .array(
      z.object({
        index: z.int().nonnegative(),
        codec_type: z.string().optional(),
        codec_name: z.string().default('unknown'),
        pix_fmt: z.string().optional(),
        width: z.int().optional(),
        height: z.int().optional(),
        /** Such as `4:3`; `0:1` or `N/A` when the file does not say. */
        sample_aspect_ratio: z.string().optional(),
        field_order: z.string().optional(),
        has_b_frames: z.int().default(0),
        color_transfer: z.string().optional(),
        avg_frame_rate: rate,
        bit_rate: count,
        duration: seconds,
        disposition: z.object({ attached_pic: z.int().default(0) }).default({ attached_pic: 0 }),
        side_data_list: z
          .array(z.looseObject({ side_data_type: z.string().optional(), rotation: z.number().optional() }))
          .default([]),
      }),
    )
    .default([]),
});
type Stream = z.infer<typeof outputSchema>['streams'][number];

/** The entries that ffprobe must report. */
export const PROBED_ENTRIES =
  'format=duration,bit_rate:stream=index,codec_type,codec_name,pix_fmt,width,height,sample_aspect_ratio,' +
  'field_order,has_b_frames,color_transfer,avg_frame_rate,bit_rate,duration:' +
  'stream_disposition=attached_pic:stream_side_data=side_data_type,rotation';

/** Reads ffprobe's JSON. @throws MediaFailure `unreadable` */
export const readProbe = (json: string): Probe => {
  const parsed = outputSchema.safeParse(parseJson(json));
  if (!parsed.success) throw new MediaFailure('unreadable', { detail: 'ffprobe said nothing useful' });
  const { format, streams } = parsed.data;
  // A cover picture in an audio file is a "video" stream, too.
  const videos = streams.filter((one) => one.codec_type === 'video' && one.disposition.attached_pic === 0);
  const audios = streams.filter((one) => one.codec_type === 'audio');
  const video = videos.find((one) => isDecodable('video', one.codec_name));
  const audio = audios.find((one) => isDecodable('audio', one.codec_name));
  const cover = streams.find(
    (one) => one.disposition.attached_pic !== 0 && isDecodable('video', one.codec_name),
  );
  const durations = [video, audio].map((stream) => stream?.duration).filter((value) => value !== undefined);
  return {
    video: video === undefined ? undefined : toVideo(video, format.bit_rate),
    audio: audio === undefined ? undefined : { index: audio.index, codec: audio.codec_name },
    cover: cover?.index,
    unsupported: {
      video: video === undefined && videos.length > 0,
      audio: audio === undefined && audios.length > 0,
    },
    durationSeconds: durations.length > 0 ? Math.max(...durations) : format.duration,
  };
};

const HDR_TRANSFERS: readonly HdrTransfer[] = ['arib-std-b67', 'smpte2084'];
const FIELD_ORDERS = ['tt', 'bb', 'tb', 'bt'];

const toVideo = (stream: Stream, formatBitRate: number | undefined): VideoStream => {
  const { width = 0, height = 0 } = stream;
  if (width <= 0 || height <= 0) throw new MediaFailure('unreadable', { detail: 'a video without a size' });
  const rotation = stream.side_data_list.find((entry) => entry.rotation !== undefined)?.rotation ?? 0;
  const isSideways = Math.abs(Math.round(rotation / 90)) % 2 === 1;
  const ratio = pixelRatio(stream.sample_aspect_ratio);
  const hasOddPixels = Math.max(ratio, 1 / ratio) > MAX_PIXEL_RATIO;
  // As in browsers, one edge grows and none shrinks.
  const shownWidth = hasOddPixels ? width : Math.round(width * Math.max(1, ratio));
  const shownHeight = hasOddPixels ? height : Math.round(height * Math.max(1, 1 / ratio));
  return {
    index: stream.index,
    codec: stream.codec_name,
    pixelFormat: stream.pix_fmt,
    width: isSideways ? shownHeight : shownWidth,
    height: isSideways ? shownWidth : shownHeight,
    hasOddPixels,
    isTurned: stream.side_data_list.some((entry) => entry.side_data_type === 'Display Matrix'),
    isInterlaced: FIELD_ORDERS.includes(stream.field_order ?? ''),
    hasReorderedFrames: stream.has_b_frames > 0,
    transfer: HDR_TRANSFERS.find((transfer) => transfer === stream.color_transfer),
    framesPerSecond: stream.avg_frame_rate,
    bitsPerSecond: stream.bit_rate ?? formatBitRate,
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
