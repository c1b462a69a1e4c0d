import type { Identity } from '@claimcheck/platform/token-verifier';
import { TokenError } from '@claimcheck/platform/token-verifier';
import type { Request, RequestHandler, Response } from 'express';
import { ProblemError } from '../media/problem-error.ts';
import type { HttpContext } from './context.ts';
import { UploadTickets } from './upload-tickets.ts';

const bearer = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : /^Bearer ([^\s]+)$/i.exec(header)?.[1];

const authenticateBy =
  (
    metrics: HttpContext['metrics'],
    identify: (token: string, request: Request) => Promise<Identity>,
  ): RequestHandler =>
  async (request, response, next) => {
    const token = bearer(request.get('authorization'));
    try {
      if (token === undefined) throw new TokenError('unauthorized', 'A bearer token is required.');
      response.locals.identity = await identify(token, request);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      metrics.authorizationFailures.inc({ surface: 'http', reason: error.code });
      response.set('WWW-Authenticate', 'Bearer');
      throw new ProblemError(error.code);
    }
    next();
  };

/** Verifies `Authorization: Bearer`; every route behind it has an identity. */
export const authenticate = ({
  verifyToken,
  metrics,
}: Pick<HttpContext, 'verifyToken' | 'metrics'>): RequestHandler => authenticateBy(metrics, verifyToken);

/**
 * For routes about one upload, with its id as `:id`: the user's token, or the upload's ticket. A ticket of
 * another upload finds nothing here.
 */
export const authenticateUpload = ({
  verifyToken,
  tickets,
  metrics,
}: Pick<HttpContext, 'verifyToken' | 'tickets' | 'metrics'>): RequestHandler =>
  authenticateBy(metrics, async (token, request) => {
    // What a token says of itself only chooses the check; the other check would refuse it.
    if (tickets === undefined || !UploadTickets.isTicket(token)) return verifyToken(token);
    const ticket = tickets.verify(token);
    if (ticket.media_object_id !== String(request.params.id).toLowerCase())
      throw new ProblemError('not_found');
    return { user_id: ticket.user_id, is_backend: false, expires_at: ticket.expires_at.getTime() / 1_000 };
  });

/** @throws ProblemError when the route was mounted before `authenticate` */
export const identityOf = (response: Response): Identity => {
  const { identity } = response.locals;
  if (identity === undefined) throw new ProblemError('unauthorized');
  return identity;
};
