import { type Problem, toProblem } from '@claimcheck/contracts/errors';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { ErrorRequestHandler, Response } from 'express';
import { ProblemError } from '../problem-error.ts';

export const sendProblem = (response: Response, problem: Problem): void => {
  if (problem.retry_after_ms !== undefined)
    response.set('Retry-After', String(Math.ceil(problem.retry_after_ms / 1_000)));
  // Without express' own send: of a POST that stands for a HEAD (X-HTTP-Method-Override) it would tell the
  // length of a body and send none, and the client would wait for it.
  response
    .status(problem.status)
    .set('Content-Type', 'application/problem+json; charset=utf-8')
    .end(JSON.stringify(problem));
};

/** Errors of express' own parsers carry a type and a status that may be shown; their messages may not. */
const fromParser = (error: { type?: unknown; status?: unknown }): Problem | undefined => {
  if (error.type === 'entity.parse.failed') return toProblem('invalid_json');
  if (error.type === 'entity.too.large') return toProblem('too_large');
  if (typeof error.type === 'string' && /^(charset|encoding)\.unsupported$/.test(error.type))
    return toProblem('unsupported_media_type');
  // A path that can't be decoded, a body cut short, and the like: the client's fault, told as such.
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500)
    return toProblem('invalid_request');
  return undefined;
};

/** Every error becomes a problem document; what we did not expect is logged, and shown as `internal`. */
export const toProblemResponse =
  (logger: Logger): ErrorRequestHandler =>
  (error, request, response, next) => {
    const expected = error instanceof ProblemError ? error.problem : fromParser(error ?? {});
    if (expected === undefined)
      logger.error({ err: error, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) {
      next(error);
      return;
    }
    sendProblem(response, expected ?? toProblem('internal'));
  };
