import { pipeline } from 'node:stream/promises';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { uuid } from '@claimcheck/contracts/ids';
import { QUALITIES } from '@claimcheck/contracts/media';
import { isMissing, type ObjectBody } from '@claimcheck/platform/storage';
import { type Response, Router } from 'express';
import { z } from 'zod';
import { readVisibleMedia } from '../media/media-access.ts';
import { ProblemError } from '../media/problem-error.ts';
import { type Download, resolveDownload } from '../media/resolve-download.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate } from '../request/validate.ts';
import { contentDisposition } from './content-disposition.ts';
import { mediaIdOf } from './media-routes.ts';

const MIN_SECONDS = 300;
const MAX_SECONDS = 6 * 3_600;
const SLOW_BYTES_PER_SECOND = 64 * 1_024;

/** Seconds that a signed URL lives: long enough to play it twice, or to fetch it over a slow network. */
const signedLife = (download: Pick<Download, 'size_bytes' | 'duration_ms'>): number => {
  const playing = ((download.duration_ms ?? 0) / 1_000) * 2;
  const fetching = download.size_bytes / SLOW_BYTES_PER_SECOND;
  return Math.ceil(Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, playing + MIN_SECONDS, fetching)));
};

const urlsSchema = z.strictObject({
  items: z
    .array(z.strictObject({ id: uuid, quality: z.enum(QUALITIES) }))
    .min(1)
    .max(100),
});

/** `GET /v1/media/:id/:quality` (redirect or proxy) and `POST /v1/media/urls`. */
export const downloadRoutes = (context: HttpContext): Router => {
  const { config, database, settings, storage, metrics } = context;
  const router = Router();

  const resolve = async (
    id: string,
    quality: (typeof QUALITIES)[number],
    userId: string,
  ): Promise<Download> => {
    const row = await readVisibleMedia(database.client, id, userId);
    return resolveDownload(row, settings, quality, userId);
  };

  const sign = (download: Download): Promise<string> =>
    storage.signedUrl(download.key, {
      seconds: signedLife(download),
      content_type: download.content_type,
      content_disposition: contentDisposition(download.content_type, download.filename),
    });

  const proxy = async (download: Download, range: string | undefined, response: Response): Promise<void> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const object = await open(download, range, gone.signal);
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

  router.post('/v1/media/urls', async (request, response) => {
    const { items } = validate(urlsSchema, request.body);
    const { user_id } = identityOf(response);
    const answer = async ({ id, quality }: (typeof items)[number]) => {
      try {
        const download = await resolve(id, quality, user_id);
        const now = Date.now();
        const life = signedLife(download) * 1_000;
        const at = (ms: number) => new Date(now + ms).toISOString();
        return { id, quality, url: await sign(download), expires_at: at(life), refresh_at: at(life * 0.8) };
      } catch (error) {
        if (error instanceof ProblemError) return { id, quality, error: error.problem };
        throw error;
      }
    };
    response.set('Cache-Control', 'no-store').json({ items: await Promise.all(items.map(answer)) });
  });

  router.get('/v1/media/:id/:quality', async (request, response) => {
    const quality = QUALITIES.find((known) => known === request.params.quality);
    if (quality === undefined) throw new ProblemError('not_found');
    try {
      const download = await resolve(mediaIdOf(request.params.id), quality, identityOf(response).user_id);
      if (config.downloadMode === 'proxy') await proxy(download, request.get('range'), response);
      else
        response
          .set({ 'Cache-Control': 'private, no-store', 'Referrer-Policy': 'no-referrer' })
          .redirect(302, await sign(download));
      metrics.downloads.inc({ quality, outcome: 'ok' });
    } catch (error) {
      const outcome = error instanceof ProblemError ? error.problem.code : 'internal';
      metrics.downloads.inc({ quality, outcome });
      throw error;
    }
  });

  return router;
};
