import type { Quality } from '@claimcheck/contracts/media';
import {
  type MediaSessionAnswer,
  type MediaUrlItem,
  mediaSessionSchema,
  mediaUrlsSchema,
} from '@claimcheck/contracts/rest';
import { Router } from 'express';
import { findAccess, type Viewer } from '../media/access/media-access.ts';
import { type MediaSession, openMediaSession, type SessionScope } from '../media/access/media-sessions.ts';
import { type Download, resolveDownload } from '../media/access/resolve-download.ts';
import { readMedia } from '../media/record/media-row.ts';
import { noMedia } from '../media/record/not-found.ts';
import { ProblemError } from '../problem-error.ts';
import { viewerOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { chargeItems } from '../request/rate-limit.ts';
import { validate } from '../request/validate.ts';
import { countFailedDownload } from './count-failed-download.ts';
import { hlsUrlOf, signedLifeMs, signUrl } from './signed-urls.ts';

/** Part of its life after which a URL is renewed, with time left for a second attempt. */
const REFRESH_AT = 0.8;

type Asked = { id: string; quality: Quality };

/** The `?t=` of a URL. */
interface UrlKey {
  token: string;
  expires_at: Date;
  life_ms: number;
}

const times = (expiresAt: number, lifeMs: number) => ({
  expires_at: new Date(expiresAt).toISOString(),
  refresh_at: new Date(expiresAt - lifeMs * (1 - REFRESH_AT)).toISOString(),
});

/** Media sessions of one user, and the URLs that they open. */
const createUrls = (context: HttpContext, viewer: Viewer) => {
  const { config, database, settings, signer, metrics, passes } = context;
  const openSession = (scope: SessionScope): Promise<MediaSession> =>
    openMediaSession(database, viewer.user_id, scope, config.mediaSessionTtlMs);

  const storageUrl = async (download: Download) => {
    const { url, expires_at } = await signUrl(signer, config.signedUrl, download);
    return { url, ...times(expires_at, signedLifeMs(config.signedUrl, download)) };
  };

  const ownUrl = ({ id, quality }: Asked, { epoch, hls_epoch }: Download, key: UrlKey) => ({
    url:
      hls_epoch === undefined
        ? `${config.publicUrl}/v1/media/${id}/${quality}?v=${epoch}&t=${key.token}`
        : `${hlsUrlOf(config.publicUrl, id, hls_epoch)}?t=${key.token}`,
    ...times(key.expires_at.getTime(), key.life_ms),
  });

  const sessions = new Map<string | null, Promise<MediaSession>>();
  const sessionFor = async (scope: SessionScope): Promise<UrlKey> => {
    const session = sessions.get(scope.conversation_id) ?? openSession(scope);
    sessions.set(scope.conversation_id, session);
    return { ...(await session), life_ms: config.mediaSessionTtlMs };
  };

  /** A backend is no member, so it has no session: its URL opens this one media object to any holder. */
  const passFor = (media_object_id: string, download: Download): UrlKey => {
    if (passes === undefined)
      throw new ProblemError('unavailable', {
        detail: 'TOKEN_SECRETS is not set, so no URL can be signed here.',
      });
    const life_ms = signedLifeMs(config.signedUrl, download);
    const expires_at = new Date(Date.now() + life_ms);
    return {
      token: passes.sign({ user_id: viewer.user_id, media_object_id, expires_at }),
      expires_at,
      life_ms,
    };
  };

  const urlOf = async (asked: Asked) => {
    const row = await readMedia(database, asked.id);
    const access = row && (await findAccess(database, row, viewer));
    if (row === undefined || access === undefined) throw noMedia({ field: 'id' });
    const download = resolveDownload(row, settings, asked.quality, viewer);
    // The api always serves playlists itself, because their names are relative.
    const isServedHere = config.downloadMode !== 'redirect' || download.hls_epoch !== undefined;
    if (!isServedHere) return storageUrl(download);
    const key = viewer.is_backend ? passFor(asked.id, download) : await sessionFor(access);
    return ownUrl(asked, download, key);
  };
  const answer = async (asked: Asked): Promise<MediaUrlItem> => {
    try {
      const item = { ...asked, ...(await urlOf(asked)) };
      // Counted here, not at the bytes: a signed URL bypasses the api.
      metrics.downloads.inc({ quality: asked.quality, outcome: 'ok' });
      return item;
    } catch (error) {
      countFailedDownload(context, error, asked.quality);
      if (!(error instanceof ProblemError)) throw error;
      return { ...asked, error: error.problem };
    }
  };
  return { openSession, answer };
};

/** URLs for elements that cannot send headers: `POST /v1/media/session` and `POST /v1/media/urls`. */
export const mediaUrlRoutes = (context: HttpContext): Router => {
  const { config } = context;
  const router = Router();

  router.post('/v1/media/session', async (request, response) => {
    const { conversation_id } = validate(mediaSessionSchema, request.body);
    const session = await createUrls(context, viewerOf(response)).openSession({ conversation_id });
    const answer: MediaSessionAnswer = {
      token: session.token,
      ...times(session.expires_at.getTime(), config.mediaSessionTtlMs),
    };
    response.set('Cache-Control', 'no-store').json(answer);
  });

  router.post('/v1/media/urls', async (request, response) => {
    const { items } = validate(mediaUrlsSchema, request.body);
    chargeItems(context, response, items.length);
    response.locals.audited = { items };
    const { answer } = createUrls(context, viewerOf(response));
    response.set('Cache-Control', 'no-store').json({ items: await Promise.all(items.map(answer)) });
  });

  return router;
};
