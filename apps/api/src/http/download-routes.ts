import { QUALITIES } from '@claimcheck/contracts/media';
import { type RequestHandler, Router } from 'express';
import { readVisibleMedia, type Viewer } from '../media/access/media-access.ts';
import { type Download, resolveDownload } from '../media/access/resolve-download.ts';
import { ProblemError } from '../problem-error.ts';
import { viewerOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { countFailedDownload } from './count-failed-download.ts';
import { mediaIdOf } from './media-routes.ts';
import { describe, redirect, serve } from './serve-download.ts';
import { hlsUrlOf, signUrl } from './signed-urls.ts';

/**
 * A player keeps the address of a redirect for every later range (Chromium does, until an error ends it), and a page
 * with a session cannot give it a new address without a reload.
 */
const outlivesRedirect = ({ scope }: Viewer, { content_type }: Download): boolean =>
  scope !== undefined && /^(audio|video)\//.test(content_type);

/**
 * `GET` and `HEAD /v1/media/:id/:quality`: a stable URL, answered with a redirect or, by configuration, with the bytes.
 * With `?download=1` a browser saves them instead of displaying them.
 *
 * @param guards run first: authentication and rate limit
 */
export const downloadRoutes = (context: HttpContext, ...guards: RequestHandler[]): Router => {
  const { config, database, settings, storage, signer, metrics } = context;
  const router = Router();

  router.get('/v1/media/:id/:quality', ...guards, async (request, response) => {
    const quality = QUALITIES.find((known) => known === request.params.quality);
    if (quality === undefined) throw new ProblemError('not_found');
    try {
      const viewer = viewerOf(response);
      const row = await readVisibleMedia(database, mediaIdOf(request.params.id), viewer);
      const found = resolveDownload(row, settings, quality, viewer);
      const download = { ...found, is_attachment: request.query.download !== undefined };
      const session = typeof request.query.t === 'string' ? `?t=${encodeURIComponent(request.query.t)}` : '';
      if (download.hls_epoch !== undefined)
        // Relative names in a playlist resolve only on our own origin.
        response
          .set('Cache-Control', 'private, no-cache')
          .redirect(302, `${hlsUrlOf(config.publicUrl, row.media_object_id, download.hls_epoch)}${session}`);
      else if (request.method === 'HEAD') await describe(storage, download, response);
      else if (config.downloadMode !== 'redirect' || outlivesRedirect(viewer, download))
        await serve(context, download, request, response);
      else redirect(request, response, download, await signUrl(signer, config.signedUrl, download));
      metrics.downloads.inc({ quality, outcome: 'ok' });
    } catch (error) {
      countFailedDownload(context, error, quality);
      throw error;
    }
  });

  return router;
};
