import type { Tracing } from '@claimcheck/platform/tracing';
import type { RequestHandler } from 'express';

/** A span for each request, part of the caller's trace when it sends `traceparent`. */
export const traceRequests =
  (tracing: Tracing): RequestHandler =>
  (request, response, next) => {
    const span = tracing.start(`HTTP ${request.method}`, {
      kind: 'server',
      parent: request.get('traceparent'),
      // Without its query: a query may carry a token.
      attributes: { 'url.path': request.path },
    });
    response.once('close', () =>
      span.end({ attributes: { 'http.response.status_code': response.statusCode } }),
    );
    span.run(next);
  };
