import { appendFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOf } from '@claimcheck/contracts/media-kind';
import { demuxerFor, knowsItsEnd, type MediaInput, PICTURE_DEMUXERS } from '../ffmpeg/containers.ts';
import type { Ffmpeg } from '../ffmpeg/ffmpeg.ts';
import { decodeHeic } from '../images/decode-heic.ts';
import { codePointsOf, hdrTransferOf } from '../images/nclx.ts';
import { type ImageFile, inspectImage } from '../images/open-image.ts';
import { isMovable } from '../images/qualities.ts';
import type { Inspection, Motion } from '../inspect/inspection.ts';
import { readHead } from '../inspect/read-head.ts';
import { sniff } from '../inspect/sniff.ts';
import type { Job } from '../job/job.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { decodeGrid } from './decode-grid.ts';
import { decodePicture, toneMapPicture } from './decode-picture.ts';
import { SOURCE_FILE, type Source } from './fetch.ts';
import { MAX_DECODED_PIXELS } from './moving-picture.ts';

const END_WINDOW = 2;
const HEIC_FILE = 'heic.png';
/** A file type box with its brands. */
const BRAND_BYTES = 48;
/** End of image: a JPEG's last two bytes. */
const END_OF_JPEG = Buffer.from([0xff, 0xd9]);

export interface InspectTools {
  ffmpeg: Ffmpeg;
  maxPixels: number;
}

/**
 * Finds out what the file is: from its bytes and its decoder, never from its name or declared type.
 *
 * @throws MediaFailure `hash_mismatch`, `unreadable`, `unsupported_codec`, `too_many_pixels`
 */
export const inspect = async (job: Job, source: Source, tools: InspectTools): Promise<Inspection> => {
  // Checked here and not during the download: a false hash must not prevent the scanner's verdict.
  if (job.request.sha256 !== undefined && job.request.sha256.toLowerCase() !== source.sha256)
    throw new MediaFailure('hash_mismatch');
  const isRecognised = async () =>
    !tools.ffmpeg.isAvailable ||
    (await tools.ffmpeg.recognises({ folder: job.folder, file: SOURCE_FILE }, job.signal));
  const contentType = await sniff(source.path, isRecognised);
  try {
    const kind = kindOf(contentType);
    if (kind === 'video' || kind === 'audio') return await inspectTimed(job, contentType, tools);
    // Without ffmpeg it counts as a file, like any picture that cannot be decoded here.
    const isOpened = tools.ffmpeg.isAvailable || PICTURE_DEMUXERS.still[contentType] === undefined;
    if (kind === 'image' && !isOpened) return { kind: 'other', contentType };
    if (kind === 'image') return await inspectStill(job, { source, contentType }, tools);
    return { kind, contentType };
  } catch (error) {
    throw error instanceof MediaFailure ? error.of(contentType) : error;
  }
};

const LOSSLESS = new Set(['image/png', 'image/apng', 'image/gif', 'image/bmp', 'image/x-icon']);

const inspectStill = async (
  job: Job,
  { source, contentType }: { source: Source; contentType: string },
  tools: InspectTools,
): Promise<Inspection> => {
  const isCompleted = contentType === 'image/jpeg' && (await completeJpeg(source.path));
  const { path, image: found } = await openableCopy(job, { path: source.path, contentType }, tools);
  const image = isCompleted ? { ...found, failOn: 'warning' as const } : found;
  const motion = isMovable(image) ? undefined : await findMotion(job, { contentType, image }, tools);
  return {
    kind: 'image',
    contentType,
    path,
    image,
    motion,
    sourceBytes: source.size,
    isLossless: LOSSLESS.has(contentType),
  };
};

/** Finds a form of the picture that sharp opens and that shows its colours on a standard screen. */
const openableCopy = async (
  job: Job,
  { path, contentType }: { path: string; contentType: string },
  { ffmpeg, maxPixels }: InspectTools,
): Promise<ImageFile> => {
  const inspected = async (file: string) => ({ path: file, image: await inspectImage(file, maxPixels) });
  const demuxer = (await isSequence(path)) ? 'mov' : PICTURE_DEMUXERS.still[contentType];
  if (demuxer !== undefined) return inspected(await decodePicture(job, demuxer, ffmpeg));
  const source = await inspected(path).catch(async (error: unknown) => {
    const isLarge = error instanceof MediaFailure && error.code === 'too_many_pixels';
    const grid = isLarge && isHeif(contentType) && ffmpeg.isAvailable;
    const joined = grid ? await decodeGrid(job, path, { ffmpeg, maxPixels }) : undefined;
    if (joined === undefined) throw error;
    return joined;
  });
  const transfer = isHeif(contentType) ? hdrTransferOf(await codePointsOf(path)) : undefined;
  const decodedPath = join(job.folder, HEIC_FILE);
  if (source.image.isHevc) await decodeHeic(path, decodedPath, { maxPixels, signal: job.signal });
  const plain = source.image.isHevc ? await inspected(decodedPath) : source;
  if (transfer === undefined || !ffmpeg.canToneMap) return plain;
  return inspected(await toneMapPicture(job, { path: plain.path, maxPixels, transfer }, ffmpeg));
};

const isHeif = (contentType: string): boolean => /^image\/(avif|hei[cf])/.test(contentType);

/** An AVIF that is an image sequence: sharp cannot read it. */
const isSequence = async (path: string): Promise<boolean> => {
  const head = (await readHead(path, BRAND_BYTES)).toString('latin1');
  return head.slice(4, 8) === 'ftyp' && head.includes('avis');
};

/** Finds an animation that sharp cannot keep animated; undefined for a still. */
const findMotion = async (
  job: Job,
  { contentType, image }: { contentType: string; image: ImageFile['image'] },
  { ffmpeg }: InspectTools,
): Promise<Motion | undefined> => {
  const demuxer = PICTURE_DEMUXERS.moving[contentType];
  if (demuxer === undefined || !ffmpeg.isAvailable) return undefined;
  if (contentType === 'image/gif' && image.frames <= 1) return undefined;
  if (contentType === 'image/avif' && !(await isSequence(join(job.folder, SOURCE_FILE)))) return undefined;
  const input = { folder: job.folder, file: SOURCE_FILE, demuxer };
  const { packets, seconds = 0 } = await ffmpeg.findEnd(input, 0, job.signal);
  if (packets * image.width * image.height > MAX_DECODED_PIXELS) return undefined;
  return packets > 1 ? { input, frames: packets, durationSeconds: seconds } : undefined;
};

/**
 * Adds the end marker that many senders cut off to our copy; a decoder stops at the first one.
 * @returns whether it was missing
 */
const completeJpeg = async (path: string): Promise<boolean> => {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, Math.max(0, size - 2));
    if (buffer.equals(END_OF_JPEG)) return false;
  } finally {
    await file.close();
  }
  await appendFile(path, END_OF_JPEG);
  return true;
};

const inspectTimed = async (
  job: Job,
  sniffed: string,
  { ffmpeg, maxPixels }: InspectTools,
): Promise<Inspection> => {
  const demuxer = ffmpeg.isAvailable ? demuxerFor(sniffed) : undefined;
  if (demuxer === undefined) return { kind: 'other', contentType: sniffed };
  const { probe, input, isEstimated } = await ffmpeg.probe(
    { folder: job.folder, file: SOURCE_FILE, demuxer },
    job.signal,
  );
  const hasVideo = probe.video !== undefined && !sniffed.startsWith('audio/');
  const contentType = contentTypeOf(sniffed, hasVideo || probe.unsupported.video);
  if (probe.unsupported.video || (probe.video === undefined && probe.unsupported.audio))
    throw new MediaFailure('unsupported_codec', { contentType });
  if (probe.video === undefined && probe.audio === undefined)
    throw new MediaFailure('unreadable', { detail: 'neither picture nor sound' });

  const claimed = isEstimated ? undefined : probe.durationSeconds;
  const durationSeconds = await findDuration(input, claimed, ffmpeg, job.signal);
  const { video, audio, cover } = probe;
  if (hasVideo && video !== undefined) {
    if (video.width * video.height > maxPixels) throw new MediaFailure('too_many_pixels', { contentType });
    return {
      ...{ kind: 'video', contentType, input, video, audio, durationSeconds },
      losesSound: probe.unsupported.audio,
    };
  }
  if (audio === undefined) throw new MediaFailure('unreadable', { detail: 'a sound without sound' });
  return { kind: 'audio', contentType, input, audio, cover, durationSeconds };
};

/** Returns the length in seconds, from the header or counted. @throws MediaFailure when the file is truncated */
const findDuration = async (
  input: MediaInput,
  claimed: number | undefined,
  ffmpeg: Ffmpeg,
  signal: AbortSignal,
): Promise<number> => {
  if (claimed !== undefined && !knowsItsEnd(input.demuxer)) return claimed;
  const end = await ffmpeg.findEnd(input, (claimed ?? 0) - END_WINDOW, signal);
  // A recording that was written as a stream does not state its length.
  if (claimed === undefined) return end.seconds ?? 0;
  // The last picture may be shown for long, so an early last packet proves nothing.
  if (end.isCut) throw new MediaFailure('unreadable', { detail: `ends at ${end.seconds} s of ${claimed} s` });
  return claimed;
};

const contentTypeOf = (sniffed: string, hasVideo: boolean): string => {
  if (hasVideo) return sniffed.replace(/^application\//, 'video/');
  return sniffed.replace(/^(video|application)\//, 'audio/').replace(/^audio\/quicktime$/, 'audio/mp4');
};
