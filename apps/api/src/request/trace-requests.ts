import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import type { RequestHandler } from 'express';

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
