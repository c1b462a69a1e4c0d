import type { RequestHandler } from 'express';
import type { HttpContext } from './context.ts';

const REFUSALS: Record<number, 'forbidden' | 'not_found'> = { 403: 'forbidden', 404: 'not_found' };

/** Measures every request, counts refusals of valid tokens, and writes the access log. */
export const observeRequests =
  ({ metrics, logger, config }: Pick<HttpContext, 'metrics' | 'logger' | 'config'>): RequestHandler =>
  (request, response, next) => {
    const end = metrics.httpDuration.startTimer({ method: request.method });
    response.on('close', () => {
      const status = response.statusCode;
      const seconds = end({ status: String(status) });
      const { identity, problem, requestId } = response.locals;
      const reason = REFUSALS[status];
      // A request for an unknown path asks for no user's media.
      if (identity !== undefined && reason !== undefined && request.route !== undefined)
        metrics.authorizationFailures.inc({ surface: 'http', reason });
      // The path without its query, which may contain a token.
      const path = request.originalUrl.split('?')[0];
      const line = { request_id: requestId, method: request.method, path, status, seconds };
      const user = identity === undefined ? {} : { user_id: identity.user_id };
      const code = problem === undefined ? {} : { code: problem.code };
      logger[config.accessLog ? 'info' : 'debug']({ ...line, ...user, ...code }, 'request');
    });
    next();
  };
