import { isHlsPlaylist } from '@claimcheck/contracts/hls';
import { Router } from 'express';
import { readVisibleMedia } from '../media/media-access.ts';
import { ProblemError } from '../media/problem-error.ts';
import { resolveHlsFile } from '../media/resolve-download.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { mediaIdOf } from './media-routes.ts';
import { proxy, redirect, sign } from './serve-download.ts';

/** @throws ProblemError `not_found`: what is no number of an attempt names nothing */
const epochOf = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ProblemError('not_found');
  return Number(text);
};

/**
 * `GET /v1/media/:id/hls/:epoch/:file`: a video's playlists and segments, each authorised by itself. Playlists
 * come from here, so that the names in them are relative to here; segments as any other download.
 */
export const hlsRoutes = (context: HttpContext): Router => {
  const { config, database, settings, storage, metrics } = context;
  const router = Router();

  router.get('/v1/media/:id/hls/:epoch/:file', async (request, response) => {
    const { id, epoch, file } = request.params;
    try {
      const row = await readVisibleMedia(database.client, mediaIdOf(id), identityOf(response).user_id);
      const download = resolveHlsFile(row, settings, epochOf(epoch), file);
      if (config.downloadMode === 'proxy' || isHlsPlaylist(file))
        await proxy(storage, download, request.get('range'), response);
      else redirect(response, await sign(storage, download));
      metrics.downloads.inc({ quality: 'hls', outcome: 'ok' });
    } catch (error) {
      const outcome = error instanceof ProblemError ? error.problem.code : 'internal';
      metrics.downloads.inc({ quality: 'hls', outcome });
      throw error;
    }
  });

  return router;
};
