import type { Identity } from '@claimcheck/platform/token-verifier';
import { TokenError } from '@claimcheck/platform/token-verifier';
import type { RequestHandler, Response } from 'express';
import { ProblemError } from '../media/problem-error.ts';
import type { HttpContext } from './context.ts';

const bearer = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : /^Bearer ([^\s]+)$/i.exec(header)?.[1];

/** Verifies `Authorization: Bearer`; every route behind it has an identity. */
export const authenticate =
  ({ verifyToken, metrics }: Pick<HttpContext, 'verifyToken' | 'metrics'>): RequestHandler =>
  async (request, response, next) => {
    const token = bearer(request.get('authorization'));
    try {
      if (token === undefined) throw new TokenError('unauthorized', 'A bearer token is required.');
      response.locals.identity = await verifyToken(token);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      metrics.authorizationFailures.inc({ surface: 'http', reason: error.code });
      response.set('WWW-Authenticate', 'Bearer');
      throw new ProblemError(error.code);
    }
    next();
  };

/** @throws ProblemError when the route was mounted before `authenticate` */
export const identityOf = (response: Response): Identity => {
  const { identity } = response.locals;
  if (identity === undefined) throw new ProblemError('unauthorized');
  return identity;
};
