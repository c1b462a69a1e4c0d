import { isHlsPlaylist } from '@claimcheck/contracts/hls';
import { type RequestHandler, Router } from 'express';
import { readVisibleMedia } from '../media/access/media-access.ts';
import { resolveHlsFile } from '../media/access/resolve-download.ts';
import { ProblemError } from '../problem-error.ts';
import { viewerOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { countFailedDownload } from './count-failed-download.ts';
import { mediaIdOf } from './media-routes.ts';
import { describe, redirect, serve } from './serve-download.ts';
import { servePlaylist } from './serve-playlist.ts';
import { signUrl } from './signed-urls.ts';

/** @throws ProblemError `not_found` for a value that is no number of an attempt */
const epochOf = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ProblemError('not_found');
  return Number(text);
};

/**
 * `GET /v1/media/:id/hls/:epoch/:file`: a video's playlists and segments, each authorised separately. The api itself
 * serves playlists, so that their names are relative to this route, and segments like any other download.
 *
 * @param guards run first: authentication and rate limit
 */
export const hlsRoutes = (context: HttpContext, ...guards: RequestHandler[]): Router => {
  const { config, database, settings, storage, signer, metrics } = context;
  const router = Router();

  const path = '/v1/media/:id/hls/:epoch/:file';
  router.get(path, ...guards);
  router.get(path, async (request, response) => {
    const { id, epoch, file } = request.params;
    try {
      const row = await readVisibleMedia(database, mediaIdOf(id), viewerOf(response));
      const download = resolveHlsFile(row, settings, epochOf(epoch), file);
      const { t } = request.query;
      if (request.method === 'HEAD') await describe(storage, download, response);
      else if (isHlsPlaylist(file) && typeof t === 'string')
        await servePlaylist(context, download, t, response);
      else if (config.downloadMode !== 'redirect' || isHlsPlaylist(file))
        await serve(context, download, request, response);
      else redirect(request, response, download, await signUrl(signer, config.signedUrl, download));
      metrics.downloads.inc({ quality: 'hls', outcome: 'ok' });
    } catch (error) {
      countFailedDownload(context, error, 'hls');
      throw error;
    }
  });

  return router;
};
