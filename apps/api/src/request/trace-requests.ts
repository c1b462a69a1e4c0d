import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import type { RequestHandler } from 'express';

/** A span for each request, part of the caller's trace when it sends `traceparent`. */
const recordRequests =
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

/** Passes on a caller's trace without a receiver of traces. Most requests carry none: nothing is made for them. */
const passOn =
  (tracing: Tracing): RequestHandler =>
  (request, _response, next) => {
    const parent = request.get('traceparent');
    if (parent === undefined) next();
    else tracing.start('HTTP', { kind: 'server', parent }).run(next);
  };

/** Records each request where spans are recorded, and otherwise keeps a caller's trace. */
export const traceRequests = (tracing: Tracing): RequestHandler =>
  tracing.isRecording ? recordRequests(tracing) : passOn(tracing);
