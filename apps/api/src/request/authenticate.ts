import { KeysUnavailableError } from '@claimcheck/platform/auth/key-set';
import type { Identity } from '@claimcheck/platform/auth/token-verifier';
import { TokenError } from '@claimcheck/platform/auth/token-verifier';
import type { Request, RequestHandler, Response } from 'express';
import type { Viewer } from '../media/access/media-access.ts';
import { findMediaSession } from '../media/access/media-sessions.ts';
import { ProblemError } from '../problem-error.ts';
import type { HttpContext } from './context.ts';
import { UploadTickets } from './upload-tickets.ts';

const bearer = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : /^Bearer ([^\s]+)$/i.exec(header)?.[1];

const secondsSince1970 = (date: Date): number => date.getTime() / 1_000;

const authenticateBy =
  (
    { metrics, refusals }: Pick<HttpContext, 'metrics' | 'refusals'>,
    identify: (token: string, request: Request) => Promise<Identity>,
  ): RequestHandler =>
  async (request, response, next) => {
    const token = bearer(request.get('authorization'));
    try {
      if (token === undefined) throw new TokenError('missing', 'there is no bearer token');
      response.locals.identity = await identify(token, request);
    } catch (error) {
      if (error instanceof KeysUnavailableError) throw new ProblemError('unavailable');
      if (!(error instanceof TokenError)) throw error;
      metrics.authorizationFailures.inc({ surface: 'http', reason: error.reason });
      refusals.record(error);
      response.set('WWW-Authenticate', 'Bearer');
      throw new ProblemError(error.code);
    }
    next();
  };

/** Verifies `Authorization: Bearer`; every later route has an identity. */
export const authenticate = (
  context: Pick<HttpContext, 'verifyToken' | 'metrics' | 'refusals'>,
): RequestHandler => authenticateBy(context, context.verifyToken);

/**
 * For routes about one upload, with its id as `:id`: accepts the user's token or the upload's ticket. A ticket of another
 * upload gets `not_found`.
 */
export const authenticateUpload = (
  context: Pick<HttpContext, 'verifyToken' | 'tickets' | 'metrics' | 'refusals'>,
): RequestHandler =>
  authenticateBy(context, async (token, request) => {
    const { verifyToken, tickets } = context;
    // The token's own claim only selects the check; the other check would refuse it.
    if (tickets === undefined || !UploadTickets.isTicket(token)) return verifyToken(token);
    const ticket = tickets.verify(token);
    if (ticket.media_object_id !== String(request.params.id).toLowerCase())
      throw new ProblemError('not_found');
    return { user_id: ticket.user_id, is_backend: false, expires_at: secondsSince1970(ticket.expires_at) };
  });

/**
 * For media URLs: accepts the user's token, or a media session as `?t=` for `<img>` and `<video>`, which cannot send
 * headers. A bearer token takes precedence.
 */
export const authenticateViewer = (
  context: Pick<HttpContext, 'verifyToken' | 'metrics' | 'refusals' | 'database' | 'passes'>,
): RequestHandler => {
  const asUser = authenticate(context);
  const { database, metrics, passes } = context;
  return async (request, response, next) => {
    const { t } = request.query;
    if (request.get('authorization') !== undefined || t === undefined) {
      await asUser(request, response, next);
      return;
    }
    const pass = typeof t === 'string' ? passes?.verify(t) : undefined;
    if (pass !== undefined) {
      const { user_id, media_object_id } = pass;
      response.locals.identity = {
        user_id,
        is_backend: false,
        expires_at: secondsSince1970(pass.expires_at),
      };
      response.locals.viewer = { user_id, is_backend: true, only: media_object_id };
      next();
      return;
    }
    const session = typeof t === 'string' ? await findMediaSession(database, t) : undefined;
    if (session === undefined) {
      metrics.authorizationFailures.inc({ surface: 'http', reason: 'media_session' });
      throw new ProblemError('session_expired');
    }
    const { user_id, conversation_id } = session;
    const expires_at = secondsSince1970(session.expires_at);
    response.locals.identity = { user_id, is_backend: false, expires_at };
    response.locals.viewer = { user_id, scope: { conversation_id } };
    next();
  };
};

/** Authenticates a viewer: a user with all rights, or with those of a media session. */
export const viewerOf = (response: Response): Viewer => {
  if (response.locals.viewer !== undefined) return response.locals.viewer;
  const { user_id, is_backend } = identityOf(response);
  return { user_id, is_backend };
};

/** @throws ProblemError `forbidden` unless the caller is the host's backend */
export const assertBackend = (response: Response): void => {
  if (!identityOf(response).is_backend) throw new ProblemError('forbidden');
};

/** @throws ProblemError when the route was mounted before `authenticate` */
export const identityOf = (response: Response): Identity => {
  const { identity } = response.locals;
  if (identity === undefined) throw new ProblemError('unauthorized');
  return identity;
};
