import { uuid } from '@claimcheck/contracts/ids';
import { isSettled } from '@claimcheck/contracts/media';
import { prefixOf } from '@claimcheck/contracts/object-keys';
import { deleteMediaQuerySchema, longPollQuerySchema } from '@claimcheck/contracts/rest';
import type { Identity } from '@claimcheck/platform/auth/token-verifier';
import { type Response, Router } from 'express';
import type { Viewer } from '../media/access/media-access.ts';
import { VisibleMediaReader } from '../media/access/visible-media-reader.ts';
import { deleteMedia } from '../media/lifecycle/delete-media.ts';
import type { MediaRow } from '../media/record/media-row.ts';
import { toMedia } from '../media/record/media-view.ts';
import { takeDownMedia } from '../media/removal/take-down-media.ts';
import { ProblemError } from '../problem-error.ts';
import { assertBackend, identityOf, viewerOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate } from '../request/validate.ts';

/** @throws ProblemError `not_found` for an id of another form */
export const mediaIdOf = (text: unknown): string => {
  const parsed = uuid.safeParse(text);
  if (!parsed.success) throw new ProblemError('not_found', { detail: 'The id of a media object is a UUID.' });
  return parsed.data;
};

/** Returns the rev that a client has, from its `If-None-Match`; a foreign ETag names none. */
const revOf = (etag: string | undefined): number | undefined => {
  const [, rev] = /^(?:W\/)?"(\d{1,9})"$/.exec(etag ?? '') ?? [];
  return rev === undefined ? undefined : Number(rev);
};

interface Wait {
  id: string;
  viewer: Viewer;
  afterRev: number;
  /** Milliseconds since 1970. */
  deadline: number;
  signal: AbortSignal;
}

/** Answers when rev > afterRev, when it is settled (no change comes by itself), or at the time limit. */
const waitForChange = async (
  { waiters, metrics }: Pick<HttpContext, 'waiters' | 'metrics'>,
  visible: VisibleMediaReader,
  { id, viewer, afterRev, deadline, signal }: Wait,
): Promise<MediaRow> => {
  for (;;) {
    const left = deadline - Date.now();
    if (left <= 0) return visible.read(id, viewer);
    const { changed, cancel } = await waiters.register(id, left, signal);
    try {
      const row = await visible.read(id, viewer);
      if (row.rev > afterRev || isSettled(row.state) || signal.aborted) return row;
      metrics.longPolls.inc();
      await changed.finally(() => metrics.longPolls.dec());
    } finally {
      cancel();
    }
  }
};

/** `GET /v1/media/:id` with long-poll, `DELETE /v1/media/:id`. */
export const mediaRoutes = (context: HttpContext): Router => {
  const { database, settings, storage, metrics } = context;
  const visible = new VisibleMediaReader(database);
  const router = Router();
  // Requests that wait for the same change share one read: thousands may wait, and reads would then be most of the work.
  const bodies = new WeakMap<MediaRow, Buffer>();

  const bodyOf = (row: MediaRow): Buffer => {
    const known = bodies.get(row);
    if (known !== undefined) return known;
    const body = Buffer.from(JSON.stringify(toMedia(row, settings.publicUrl)));
    bodies.set(row, body);
    return body;
  };

  router.get('/v1/media/:id', async (request, response) => {
    const query = validate(longPollQuerySchema, request.query);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const row = await waitForChange(context, visible, {
      id: mediaIdOf(request.params.id),
      viewer: viewerOf(response),
      afterRev: query.after_rev ?? revOf(request.get('if-none-match')) ?? -1,
      deadline: Date.now() + query.wait * 1_000,
      signal: gone.signal,
    });
    if (gone.signal.aborted) return;
    response.set({ ETag: `"${row.rev}"`, 'Cache-Control': 'private, no-cache' });
    response.type('json').send(bodyOf(row));
  });

  /** A backend deletes on the owner's behalf; it needs force for media that something refers to. */
  const deleteOwn = async ({ user_id, is_backend }: Identity, id: string): Promise<void> => {
    const owner = is_backend ? (await visible.read(id, { user_id, is_backend })).owner_user_id : user_id;
    await database.transaction((tx) => deleteMedia(tx, settings, id, owner));
  };

  const takeDown = async (response: Response, id: string, reason: string): Promise<void> => {
    assertBackend(response);
    const takedown = { media_object_id: id, taken_down_by: identityOf(response).user_id, reason };
    const isNew = await database.transaction((tx) => takeDownMedia(tx, settings, takedown));
    if (isNew) metrics.erasures.inc({ what: 'media' });
    response.locals.audited = { new: isNew };
  };

  router.delete('/v1/media/:id', async (request, response) => {
    const id = mediaIdOf(request.params.id);
    const { force, reason } = validate(deleteMediaQuerySchema, request.query);
    if (force) await takeDown(response, id, reason);
    else await deleteOwn(identityOf(response), id);
    await storage.deletePrefix(prefixOf(id));
    response.status(204).end();
  });

  return router;
};
