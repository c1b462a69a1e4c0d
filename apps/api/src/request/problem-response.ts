import { type Problem, toProblem } from '@claimcheck/contracts/errors';
import { isDatabaseAway } from '@claimcheck/database/is-database-away';
import type { Logger } from '@claimcheck/platform/process/logger';
import { isStorageAway } from '@claimcheck/platform/s3/s3-errors';
import type { ErrorRequestHandler, Response } from 'express';
import { ProblemError } from '../problem-error.ts';

declare global {
  namespace Express {
    interface Locals {
      /** The problem with which this request was answered. */
      problem?: Problem;
    }
  }
}

export const sendProblem = (response: Response, problem: Problem): void => {
  response.locals.problem = problem;
  const { requestId } = response.locals;
  if (problem.retry_after_ms !== undefined)
    response.set('Retry-After', String(Math.ceil(problem.retry_after_ms / 1_000)));
  // Express' own send would announce the length of a body that a POST in place of a HEAD (X-HTTP-Method-Override)
  // does not get, and the client would wait for it.
  response
    .status(problem.status)
    .set('Content-Type', 'application/problem+json; charset=utf-8')
    .end(JSON.stringify(requestId === undefined ? problem : { ...problem, request_id: requestId }));
};

/** Errors of express' own parsers have a type and a status that may be shown; their messages may not. */
const fromParser = (error: { type?: unknown; status?: unknown }): Problem | undefined => {
  if (error.type === 'entity.parse.failed') return toProblem('invalid_json');
  if (error.type === 'entity.too.large') return toProblem('too_large');
  if (typeof error.type === 'string' && /^(charset|encoding)\.unsupported$/.test(error.type))
    return toProblem('unsupported_media_type');
  // The client's fault: an undecodable path, a truncated body.
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500)
    return toProblem('invalid_request');
  return undefined;
};

const RETRY_AFTER_MS = 5_000;

/** A server that does not answer in time is no fault of the api: clients wait and retry. */
const fromDependency = (error: unknown): Problem | undefined =>
  isDatabaseAway(error) || isStorageAway(error)
    ? toProblem('unavailable', { retry_after_ms: RETRY_AFTER_MS })
    : undefined;

/** Turns every error into a problem document. Unexpected ones are logged, and shown as `internal`. */
export const toProblemResponse =
  (logger: Logger): ErrorRequestHandler =>
  (error, request, response, next) => {
    const expected =
      error instanceof ProblemError ? error.problem : (fromParser(error ?? {}) ?? fromDependency(error));
    if (expected?.code === 'unavailable')
      // Another line says once that a server is down; this one says which requests it cost.
      logger.info({ err: error, method: request.method, path: request.path }, 'request failed: unavailable');
    if (expected === undefined)
      logger.error({ err: error, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) {
      next(error);
      return;
    }
    sendProblem(response, expected ?? toProblem('internal'));
  };
