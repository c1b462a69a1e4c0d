import { HLS_PLAYLIST } from '@claimcheck/contracts/hls';
import { uuid } from '@claimcheck/contracts/ids';
import { QUALITIES } from '@claimcheck/contracts/media';
import { Router } from 'express';
import { z } from 'zod';
import { readVisibleMedia } from '../media/media-access.ts';
import { ProblemError } from '../media/problem-error.ts';
import { type Download, resolveDownload } from '../media/resolve-download.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate } from '../request/validate.ts';
import { mediaIdOf } from './media-routes.ts';
import { proxy, redirect, sign, signedLife } from './serve-download.ts';

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

  /** Where a download is to be had; a playlist's relative names lead nowhere but on our own origin. */
  const urlOf = (id: string, download: Download): Promise<string> =>
    download.hls_epoch === undefined
      ? sign(storage, download)
      : Promise.resolve(`${config.publicUrl}/v1/media/${id}/hls/${download.hls_epoch}/${HLS_PLAYLIST}`);

  router.post('/v1/media/urls', async (request, response) => {
    const { items } = validate(urlsSchema, request.body);
    const { user_id } = identityOf(response);
    const answer = async ({ id, quality }: (typeof items)[number]) => {
      try {
        const download = await resolve(id, quality, user_id);
        const now = Date.now();
        const life = signedLife(download) * 1_000;
        const at = (ms: number) => new Date(now + ms).toISOString();
        return {
          id,
          quality,
          url: await urlOf(id, download),
          expires_at: at(life),
          refresh_at: at(life * 0.8),
        };
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
      const id = mediaIdOf(request.params.id);
      const download = await resolve(id, quality, identityOf(response).user_id);
      if (config.downloadMode === 'proxy' && download.hls_epoch === undefined)
        await proxy(storage, download, request.get('range'), response);
      else redirect(response, await urlOf(id, download));
      metrics.downloads.inc({ quality, outcome: 'ok' });
    } catch (error) {
      const outcome = error instanceof ProblemError ? error.problem.code : 'internal';
      metrics.downloads.inc({ quality, outcome });
      throw error;
    }
  });

  return router;
};
