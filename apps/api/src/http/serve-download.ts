import { S3ServiceException } from '@aws-sdk/client-s3';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { GetConditions, Storage, StoredObject } from '@claimcheck/platform/s3/storage';
import type { Request, Response } from 'express';
import type { Download } from '../media/access/resolve-download.ts';
import { ProblemError } from '../problem-error.ts';
import { viewerOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { contentDisposition } from './content-disposition.ts';
import { LostObjectError } from './lost-object-error.ts';
import { sendBody } from './send-body.ts';
import type { SignedUrl } from './signed-urls.ts';

/** Revalidated each time, which costs no bytes: revoked access takes effect on the next request. */
const NOT_WITHOUT_ASKING = 'private, no-cache';

/**
 * Redirects to an address that works temporarily, for any holder. A cache may reuse the redirect of a URL with a version
 * for as long as we would answer the same.
 */
export const redirect = (request: Request, response: Response, download: Download, to: SignedUrl): void => {
  const isVersioned = request.query.v === String(download.epoch);
  const seconds = Math.max(0, Math.floor((to.same_until - Date.now()) / 1_000));
  response
    .set({
      'Cache-Control': isVersioned ? `private, max-age=${seconds}` : NOT_WITHOUT_ASKING,
      'Referrer-Policy': 'no-referrer',
    })
    .redirect(302, to.url);
};

const headersOf = (download: Download, object: StoredObject): Record<string, string> => ({
  'Accept-Ranges': 'bytes',
  'Cache-Control': NOT_WITHOUT_ASKING,
  'Content-Disposition': contentDisposition(download),
  'Content-Length': String(object.size_bytes),
  'Content-Security-Policy': "sandbox; default-src 'none'",
  'Content-Type': download.content_type,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  ...(object.etag === undefined ? {} : { ETag: object.etag }),
  ...(object.last_modified === undefined ? {} : { 'Last-Modified': object.last_modified.toUTCString() }),
});

/** Parses one range. Several at once, which no player requests, get the whole file (RFC 9110, 14.2). */
const RANGE = /^bytes=(\d+-\d*|-\d+)$/;

const conditionsOf = (request: Request): GetConditions => {
  const range = request.get('range');
  const ifRange = request.get('if-range');
  const isPart = range !== undefined && RANGE.test(range);
  // A date in If-Range is too coarse to join two parts safely: the whole file is always right.
  const mayPart = isPart && (ifRange === undefined || ifRange.startsWith('"'));
  return {
    ...(mayPart ? { range, if_match: ifRange } : {}),
    if_none_match: request.get('if-none-match'),
  };
};

/** Compares whole seconds here, since some storages compare fractions that HTTP dates do not have. */
const isUnmodified = (request: Request, { last_modified }: StoredObject): boolean => {
  // If-None-Match takes precedence (RFC 9110, 13.2.2).
  if (request.get('if-none-match') !== undefined || last_modified === undefined) return false;
  const since = Date.parse(request.get('if-modified-since') ?? '');
  return Math.floor(last_modified.getTime() / 1_000) <= since / 1_000;
};

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** Returns the bucket that holds it. @throws ProblemError `media_gone` when no configuration names it any longer */
export const bucketOf = (storage: Storage, { bucket }: Download): Storage => {
  const found = storage.in(bucket);
  if (found === undefined) throw new ProblemError('media_gone');
  return found;
};

/** @returns undefined when the client already has it */
const open = async (
  storage: Storage,
  key: string,
  conditions: GetConditions,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Storage['get']>> | undefined> => {
  try {
    return await storage.get(key, { ...conditions, signal, pool: 'downloads' });
  } catch (error) {
    const status = statusOf(error);
    if (status === 304) return undefined;
    if (status === 416) throw new ProblemError('range_not_satisfiable');
    // If-Range: the client's part belongs to another version.
    if (status === 412 && conditions.if_match !== undefined) return open(storage, key, {}, signal);
    if (isMissing(error)) throw new LostObjectError(key);
    throw error;
  }
};

/** A viewer that takes fewer bytes than this within the idle time-out counts as gone. */
const LEAST_BYTES = 64 * 1_024;

/**
 * Ends a response that moves too slowly. A paused player takes nothing and keeps its connection; later it requests the
 * rest by itself. A viewer that takes a byte now and then would otherwise hold its slot for ever.
 *
 * @returns a function that stops the watch
 */
const endWhenSlow = (response: Response, idleMs: number): (() => void) => {
  const { socket } = response;
  let moved = socket?.bytesWritten ?? 0;
  const timer = setInterval(() => {
    const now = socket?.bytesWritten ?? 0;
    if (now - moved < LEAST_BYTES) response.destroy();
    moved = now;
  }, idleMs);
  return () => clearInterval(timer);
};

/**
 * Answers within one of the viewer's slots, at no less than a minimum rate.
 *
 * @param stream writes the response; what it throws after the viewer has gone (the signal) is no error
 * @throws ProblemError `rate_limited` and `unavailable` as {@link StreamSlots.take}
 */
export const inSlot = async (
  { config, streamSlots }: Pick<HttpContext, 'config' | 'streamSlots'>,
  response: Response,
  stream: (gone: AbortSignal) => Promise<void>,
): Promise<void> => {
  const release = await streamSlots.take(viewerOf(response).user_id);
  const stopWatch = endWhenSlow(response, config.downloadIdleMs);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    await stream(gone.signal);
  } catch (error) {
    if (!(response.headersSent && gone.signal.aborted)) throw error;
  } finally {
    stopWatch();
    release();
  }
};

/** Streams an object or a range of it, with the headers that a redirect cannot set. */
const stream = async (
  storage: Storage,
  download: Download,
  { request, response, gone }: { request: Request; response: Response; gone: AbortSignal },
): Promise<void> => {
  const object = await open(bucketOf(storage, download), download.key, conditionsOf(request), gone);
  if (object === undefined || isUnmodified(request, object)) {
    object?.body.destroy();
    response.status(304).set('Cache-Control', NOT_WITHOUT_ASKING).end();
    return;
  }
  response.status(object.content_range === undefined ? 200 : 206).set(headersOf(download, object));
  if (object.content_range !== undefined) response.set('Content-Range', object.content_range);
  await sendBody(object.body, response);
};

/** Time in which the proxy in front must start to read; it does so at once. */
const ACCEL_SECONDS = 60;
/** The proxy's internal location, as in infra/nginx. */
const ACCEL_LOCATION = '/_claimcheck';

/** Authorises here and lets the proxy in front move the bytes (`X-Accel-Redirect`), ranges included. */
const accelerate = async (storage: Storage, download: Download, response: Response): Promise<void> => {
  const url = new URL(
    await bucketOf(storage, download).signedUrl(download.key, {
      seconds: ACCEL_SECONDS,
      content_type: download.content_type,
      content_disposition: contentDisposition(download),
      reader: 'proxy',
    }),
  );
  response
    .status(200)
    .set({
      'Cache-Control': NOT_WITHOUT_ASKING,
      'Content-Disposition': contentDisposition(download),
      'Content-Security-Policy': "sandbox; default-src 'none'",
      'Content-Type': download.content_type,
      'Referrer-Policy': 'no-referrer',
      'X-Accel-Redirect': `${ACCEL_LOCATION}${url.pathname}${url.search}`,
      'X-Content-Type-Options': 'nosniff',
    })
    .end();
};

/** Answers with the bytes, from here or from the proxy in front. */
export const serve = (
  context: Pick<HttpContext, 'storage' | 'config' | 'streamSlots'>,
  download: Download,
  request: Request,
  response: Response,
): Promise<void> =>
  context.config.downloadMode === 'accel'
    ? accelerate(context.storage, download, response)
    : inSlot(context, response, (gone) => stream(context.storage, download, { request, response, gone }));

/**
 * Answers HEAD with the headers of a GET, in both modes. It cannot redirect, because a signed URL is valid for GET only.
 */
export const describe = async (storage: Storage, download: Download, response: Response): Promise<void> => {
  const object = await bucketOf(storage, download).head(download.key);
  if (object === undefined) throw new LostObjectError(download.key);
  response.status(200).set(headersOf(download, object)).end();
};
