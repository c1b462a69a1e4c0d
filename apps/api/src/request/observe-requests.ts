import { requestIdFrom, withRequestId } from '@claimcheck/platform/process/request-id';
import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import type { RequestHandler } from 'express';
import { UNKNOWN_PROTOCOL } from '../metrics/upload-metrics.ts';
import type { HttpContext } from './context.ts';

declare global {
  namespace Express {
    interface Locals {
      /** Set by `identifyRequest`. */
      requestId?: string;
      /** Set by a route that created an upload: the protocol of its bytes. */
      createdUpload?: string;
    }
  }
}

/** Gives each request an id (a sane `X-Request-Id` of the caller): in the answer, in problems, in each log line. */
export const identifyRequest: RequestHandler = (request, response, next) => {
  const id = requestIdFrom(request.get('x-request-id'));
  response.locals.requestId = id;
  response.set('X-Request-Id', id);
  withRequestId(id, next);
};

/** Starts a span for each request, part of the caller's trace if it sends `traceparent`. */
const recordRequests =
  (tracing: Tracing): RequestHandler =>
  (request, response, next) => {
    const span = tracing.start(`HTTP ${request.method}`, {
      kind: 'server',
      parent: request.get('traceparent'),
      // Without its query, which may contain a token.
      attributes: { 'url.path': request.path },
    });
    response.once('close', () =>
      span.end({ attributes: { 'http.response.status_code': response.statusCode } }),
    );
    span.run(next);
  };

/** Continues a caller's trace if no receiver is configured. Most requests have none, and cost nothing. */
const passOn =
  (tracing: Tracing): RequestHandler =>
  (request, _response, next) => {
    const parent = request.get('traceparent');
    if (parent === undefined) next();
    else tracing.start('HTTP', { kind: 'server', parent }).run(next);
  };

/** Records each request if spans are recorded, and otherwise only continues a caller's trace. */
export const traceRequests = (tracing: Tracing): RequestHandler =>
  tracing.isRecording ? recordRequests(tracing) : passOn(tracing);

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

/** Counts as created once, however its request ends. If the body then fails, it counts as created and failed. */
const outcomesOf = (method: string, status: number, created: string | undefined): string[] => {
  const outcomes = created === undefined ? [] : ['created'];
  if (status >= 500) return [...outcomes, 'failed'];
  const refused = method === 'POST' ? created === undefined && status >= 400 : status === 413;
  // Without a valid token there was no attempt.
  return refused && status !== 401 ? [...outcomes, 'refused'] : outcomes;
};

/**
 * Counts attempts to upload, so that uploads that are created and never finished show long before they expire. Mounted
 * before every route that creates uploads or receives their bytes.
 */
export const countUploadAttempts =
  ({ metrics, logger }: Pick<HttpContext, 'metrics' | 'logger'>): RequestHandler =>
  (request, response, next) => {
    if (!['POST', 'PATCH', 'PUT'].includes(request.method)) {
      next();
      return;
    }
    const isTus = request.baseUrl.startsWith('/v1/uploads');
    response.once('close', () => {
      const { createdUpload, problem } = response.locals;
      const protocol = createdUpload ?? (isTus ? 'tus' : UNKNOWN_PROTOCOL);
      for (const outcome of outcomesOf(request.method, response.statusCode, createdUpload)) {
        metrics.uploads.inc({ protocol, outcome });
        if (outcome === 'refused')
          logger.info({ request_id: response.locals.requestId, code: problem?.code }, 'upload refused');
      }
    });
    next();
  };
