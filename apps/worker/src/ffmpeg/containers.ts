import { essenceOf } from '@claimcheck/contracts/media-kind';
import { ALLOWED_CODECS } from './codecs.ts';

/**
 * ffmpeg's demuxer for each sniffed type. What is read and converted has its demuxer forced, never guessed: ffmpeg would
 * otherwise follow a playlist named .mp4 to other files.
 */
const DEMUXERS: Readonly<Record<string, string>> = {
  'video/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/x-m4v': 'mov',
  'video/3gpp': 'mov',
  'video/3gpp2': 'mov',
  'audio/mp4': 'mov',
  'audio/x-m4a': 'mov',
  'video/webm': 'matroska',
  'audio/webm': 'matroska',
  'video/matroska': 'matroska',
  'audio/matroska': 'matroska',
  'video/vnd.avi': 'avi',
  'video/mp2t': 'mpegts',
  'video/mp1s': 'mpeg',
  'video/mp2p': 'mpeg',
  'video/mpeg': 'mpeg',
  'video/x-flv': 'flv',
  'video/ogg': 'ogg',
  'audio/ogg': 'ogg',
  'application/ogg': 'ogg',
  'audio/opus': 'ogg',
  'video/x-ms-asf': 'asf',
  'audio/x-ms-asf': 'asf',
  'audio/mpeg': 'mp3',
  'audio/aac': 'aac',
  'audio/flac': 'flac',
  'audio/wav': 'wav',
  'audio/aiff': 'aiff',
  'audio/amr': 'amr',
  'audio/x-caf': 'caf',
  'audio/wavpack': 'wv',
  'audio/ape': 'ape',
  'audio/vnd.dolby.dd-raw': 'ac3',
};

/** ffmpeg's demuxers of pictures that sharp cannot read, or cannot keep animated. */
export const PICTURE_DEMUXERS = {
  still: {
    'image/bmp': 'bmp_pipe',
    'image/x-icon': 'ico',
    'image/vnd.microsoft.icon': 'ico',
    'image/jxl': 'jpegxl_pipe',
  } as Readonly<Record<string, string>>,
  moving: { 'image/gif': 'gif', 'image/apng': 'apng', 'image/avif': 'mov' } as Readonly<
    Record<string, string>
  >,
};

/** Returns the demuxer; undefined for a container that is not supported. */
export const demuxerFor = (contentType: string): string | undefined => DEMUXERS[essenceOf(contentType)];

/** Returns whether the container knows its own exact length, so that truncation shows. */
export const knowsItsEnd = (demuxer: string): boolean => demuxer === 'mov' || demuxer === 'matroska';

const MAX_STREAMS = 32;

/** Every demuxer that may open a file here. */
const ALL_DEMUXERS = [
  ...new Set([
    ...Object.values(DEMUXERS),
    ...Object.values(PICTURE_DEMUXERS.still),
    ...Object.values(PICTURE_DEMUXERS.moving),
  ]),
].join(',');

/** A file in a job's folder, and how to open it. */
export interface MediaInput {
  folder: string;
  /** Name in the folder. */
  file: string;
  /** ffmpeg's demuxer. */
  demuxer: string;
  /** Decoders outside the list whose streams ffprobe may list; they receive no packet. */
  listed?: readonly string[];
  /** The demuxer's options, for a file without a header. */
  options?: readonly string[];
}

/** Arguments that open the file as this container and as nothing else; without one, as the container that ffmpeg sees in it. */
export const inputArguments = ({
  file,
  demuxer,
  listed = [],
  options = [],
}: Omit<MediaInput, 'folder' | 'demuxer'> & { demuxer?: string }): string[] => {
  const listedCodecs = [...ALLOWED_CODECS, ...listed].join(',');
  return [
    ...['-protocol_whitelist', 'file,pipe'],
    ...['-format_whitelist', demuxer ?? ALL_DEMUXERS],
    ...['-codec_whitelist', ALLOWED_CODECS.join(',')],
    // Reading the file respects the list above; these are for the decoders that ffprobe opens afterwards.
    ...(listed.length === 0 ? [] : ['v', 'a', 's', 'd']).flatMap((type) => [
      `-codec_whitelist:${type}`,
      listedCodecs,
    ]),
    ...['-max_streams', String(MAX_STREAMS)],
    ...(demuxer === undefined ? [] : ['-f', demuxer]),
    ...options,
    ...['-i', `file:${file}`],
  ];
};
