import { join } from 'node:path';
import { demuxerFor, knowsItsEnd } from '../ffmpeg/containers.ts';
import type { Ffmpeg, MediaInput } from '../ffmpeg/ffmpeg.ts';
import type { Probe } from '../ffmpeg/probe.ts';
import { decodeHeic } from '../images/decode-heic.ts';
import { inspectImage } from '../images/open-image.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { isTypeMismatch, kindOf } from '../inspect/kind-of.ts';
import { sniff } from '../inspect/sniff.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { SOURCE_FILE, type Source } from './fetch.ts';

/** A stream may end before its container says so by this much. Seconds. */
const END_TOLERANCE = 1;
const END_WINDOW = 2;
const DECODED_FILE = 'decoded.png';

export interface InspectTools {
  ffmpeg: Ffmpeg;
  maxPixels: number;
}

/**
 * What the file is: by its bytes, never by its name; checked against what the client said and against its
 * decoder.
 *
 * @throws MediaFailure `hash_mismatch`, `type_mismatch`, `unreadable`, `too_many_pixels`
 */
export const inspect = async (job: Job, source: Source, tools: InspectTools): Promise<Inspection> => {
  // Here and not while it is fetched: a lie must not keep the scanner's verdict from being asked for.
  if (job.request.sha256 !== undefined && job.request.sha256.toLowerCase() !== source.sha256)
    throw new MediaFailure('hash_mismatch');
  const contentType = await sniff(source.path);
  const declared = job.request.contentType;
  const kind = kindOf(contentType);
  if (kind === 'video' || kind === 'audio') return inspectTimed(job, contentType, tools);
  if (isTypeMismatch(declared, [contentType]))
    throw new MediaFailure('type_mismatch', { detail: contentType });
  if (kind !== 'image') return { kind, contentType };
  const image = await inspectImage(source.path, tools.maxPixels);
  if (!image.isHevc) return { kind, contentType, image, path: source.path };
  const path = join(job.folder, DECODED_FILE);
  await decodeHeic(source.path, path, { maxPixels: tools.maxPixels, signal: job.signal });
  return { kind, contentType, path, image: await inspectImage(path, tools.maxPixels) };
};

const inspectTimed = async (
  job: Job,
  sniffed: string,
  { ffmpeg, maxPixels }: InspectTools,
): Promise<Inspection> => {
  const declared = job.request.contentType;
  const demuxer = ffmpeg.isAvailable ? demuxerFor(sniffed) : undefined;
  if (demuxer === undefined) {
    if (isTypeMismatch(declared, [sniffed])) throw new MediaFailure('type_mismatch', { detail: sniffed });
    return { kind: 'other', contentType: sniffed };
  }
  const input: MediaInput = { folder: job.folder, file: SOURCE_FILE, demuxer };
  const probe = await ffmpeg.probe(input, job.signal);
  const hasVideo = probe.video !== undefined && !sniffed.startsWith('audio/');
  const contentType = contentTypeOf(sniffed, hasVideo);
  // A recorder may call its sound video/webm; both names are right.
  if (isTypeMismatch(declared, [sniffed, contentType]))
    throw new MediaFailure('type_mismatch', { detail: contentType });
  if (probe.video === undefined && probe.audio === undefined)
    throw new MediaFailure('unreadable', { detail: 'neither picture nor sound' });

  const durationSeconds = await checkedDuration(input, probe, ffmpeg, job.signal);
  if (!hasVideo || probe.video === undefined) return { kind: 'audio', contentType, durationSeconds };
  const { video, audio } = probe;
  if (video.width * video.height > maxPixels) throw new MediaFailure('too_many_pixels');
  return { kind: 'video', contentType, input, video, audio, durationSeconds };
};

/** Finds a file that was cut off: its index is there, its end is not. @returns seconds */
const checkedDuration = async (
  input: MediaInput,
  probe: Probe,
  ffmpeg: Ffmpeg,
  signal: AbortSignal,
): Promise<number> => {
  const claimed = probe.durationSeconds;
  if (claimed !== undefined && !knowsItsEnd(input.demuxer)) return claimed;
  const end = await ffmpeg.findEnd(input, (claimed ?? 0) - END_WINDOW, signal);
  // A recording that was written as a stream doesn't know its length.
  if (claimed === undefined) return end.seconds ?? 0;
  if (end.isCut || end.seconds === undefined || end.seconds < claimed - END_TOLERANCE)
    throw new MediaFailure('unreadable', { detail: `ends at ${end.seconds} s of ${claimed} s` });
  return claimed;
};

const contentTypeOf = (sniffed: string, hasVideo: boolean): string => {
  if (hasVideo) return sniffed.replace(/^application\//, 'video/');
  return sniffed.replace(/^(video|application)\//, 'audio/').replace(/^audio\/quicktime$/, 'audio/mp4');
};
