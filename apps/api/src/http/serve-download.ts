import { pipeline } from 'node:stream/promises';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { isMissing, type ObjectBody, type Storage } from '@claimcheck/platform/storage';
import type { Response } from 'express';
import { ProblemError } from '../media/problem-error.ts';
import type { Download } from '../media/resolve-download.ts';
import { contentDisposition } from './content-disposition.ts';

const MIN_SECONDS = 300;
const MAX_SECONDS = 6 * 3_600;
const SLOW_BYTES_PER_SECOND = 64 * 1_024;

/** Seconds that a signed URL lives: long enough to play it twice, or to fetch it over a slow network. */
export const signedLife = (download: Pick<Download, 'size_bytes' | 'duration_ms'>): number => {
  const playing = ((download.duration_ms ?? 0) / 1_000) * 2;
  const fetching = download.size_bytes / SLOW_BYTES_PER_SECOND;
  return Math.ceil(Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, playing + MIN_SECONDS, fetching)));
};

export const sign = (storage: Storage, download: Download): Promise<string> =>
  storage.signedUrl(download.key, {
    seconds: signedLife(download),
    content_type: download.content_type,
    content_disposition: contentDisposition(download.content_type, download.filename),
  });

/** To a place that is good for a while and for whoever holds it. */
export const redirect = (response: Response, url: string): void => {
  response.set({ 'Cache-Control': 'private, no-store', 'Referrer-Policy': 'no-referrer' }).redirect(302, url);
};

/** Streams an object, or a range of it, with the headers that a redirect can not promise. */
export const proxy = async (
  storage: Storage,
  download: Download,
  range: string | undefined,
  response: Response,
): Promise<void> => {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const object = await open(storage, download, range, gone.signal);
  response.status(object.content_range === undefined ? 200 : 206).set({
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=300',
    'Content-Disposition': contentDisposition(download.content_type, download.filename),
    'Content-Length': String(object.size_bytes),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Content-Type': download.content_type,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    ...(object.etag === undefined ? {} : { ETag: object.etag }),
    ...(object.content_range === undefined ? {} : { 'Content-Range': object.content_range }),
  });
  await pipeline(object.body, response).catch((error: unknown) => {
    if (!gone.signal.aborted) throw error;
  });
};

const open = async (
  storage: Storage,
  download: Download,
  range: string | undefined,
  signal: AbortSignal,
): Promise<ObjectBody> => {
  try {
    return await storage.get(download.key, { ...(range === undefined ? {} : { range }), signal });
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 416)
      throw new ProblemError('range_not_satisfiable');
    if (isMissing(error)) throw new ProblemError('media_gone');
    throw error;
  }
};
