import { setTimeout as pause } from 'node:timers/promises';
import { FAILURES, PROBLEMS } from '@claimcheck/contracts/errors';
import { signPartsSchema } from '@claimcheck/contracts/rest';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { DirectOutcome } from '../direct/complete-direct-upload.ts';
import { readMedia } from '../media/record/media-row.ts';
import { toMedia } from '../media/record/media-view.ts';
import { type DirectUpload, isDirect } from '../media/uploads/direct-sessions.ts';
import { findSession, type UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { authenticateUpload, identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { chargeItems } from '../request/rate-limit.ts';
import { validate } from '../request/validate.ts';
import { mediaIdOf } from './media-routes.ts';

const reasonOf = (code: string | null): string =>
  Object.entries(FAILURES).find(([known]) => known === code)?.[1] ?? PROBLEMS.media_failed.title;

/** Time that a repeated `complete` waits for the first. */
const WAIT_MS = 15_000;
const POLL_MS = 300;

/**
 * `POST /v1/media/:id/parts` and `POST /v1/media/:id/complete`, with the user's token or the upload's ticket, so that both
 * work after the user's token has expired.
 *
 * @param limited runs once the caller is known
 * @param parseBody runs only for authorised callers
 */
export const directUploadRoutes = (
  context: HttpContext,
  limited: RequestHandler,
  parseBody: RequestHandler,
): Router => {
  const { database, settings, directUploads } = context;
  const router = Router();
  const guards = [authenticateUpload(context), limited];

  /** @throws ProblemError `not_found`, also for another user's upload */
  const ownSession = async (request: Request, response: Response): Promise<UploadSession> => {
    const session = await findSession(database, mediaIdOf(request.params.id));
    if (session?.media_object_id == null || session.owner_user_id !== identityOf(response).user_id)
      throw new ProblemError('not_found');
    return session;
  };

  const assertOpen = ({ phase, upload_id: media_object_id }: UploadSession): void => {
    if (phase === 'complete') throw new ProblemError('upload_finished', { media_object_id });
    if (phase !== 'open') throw new ProblemError('upload_gone', { media_object_id });
  };

  const assertMultipart: (session: UploadSession) => asserts session is DirectUpload = (session) => {
    if (session.protocol !== 'multipart' || !isDirect(session))
      throw new ProblemError('invalid_request', {
        field: 'protocol',
        detail: `This upload is ${session.protocol}, and has no parts of its client's.`,
      });
  };

  router.post('/v1/media/:id/parts', ...guards, parseBody, async (request, response) => {
    const { numbers } = validate(signPartsSchema, request.body) ?? {};
    chargeItems(context, response, numbers?.length ?? 1);
    const session = await ownSession(request, response);
    assertOpen(session);
    assertMultipart(session);
    response.set('Cache-Control', 'no-store').json(await directUploads.parts(session, numbers));
  });

  /** Waits for another request's Complete: a client that repeats its own gets the same answer. */
  const completePatiently = async (session: DirectUpload): Promise<DirectOutcome> => {
    const deadline = performance.now() + WAIT_MS;
    for (let upload: UploadSession | undefined = session; ; ) {
      if (upload === undefined || !isDirect(upload)) return 'known';
      const outcome = await directUploads.complete(upload, 'client');
      if (outcome !== 'assembling' || performance.now() > deadline) return outcome;
      await pause(POLL_MS);
      upload = await findSession(database, session.upload_id);
    }
  };

  router.post('/v1/media/:id/complete', ...guards, async (request, response) => {
    const session = await ownSession(request, response);
    const extra = { media_object_id: session.upload_id };
    if (isDirect(session) && session.phase === 'open') {
      const settlement = await completePatiently(session);
      if (settlement === 'assembling')
        throw new ProblemError('unavailable', { ...extra, retry_after_ms: 5_000 });
      if (settlement === 'incomplete') throw new ProblemError('upload_incomplete', extra);
      if (settlement === 'lost') throw new ProblemError('upload_gone', extra);
    } else if (session.phase === 'open' || session.phase === 'completing') {
      throw new ProblemError('upload_incomplete', extra);
    }
    const media = await readMedia(database, session.upload_id);
    if (media === undefined) throw new ProblemError('not_found');
    // A success never carries a failure: clients that read the status alone would keep the file for sent.
    if (media.state === 'failed')
      throw new ProblemError('media_failed', { ...extra, detail: reasonOf(media.failure_code) });
    response.set('Cache-Control', 'no-store').json(toMedia(media, settings.publicUrl));
  });

  return router;
};
