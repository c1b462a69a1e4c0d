import { requestIdFrom, withRequestId } from '@claimcheck/platform/process/request-id';
import type { RequestHandler } from 'express';

declare global {
  namespace Express {
    interface Locals {
      /** Set by `identifyRequest`. */
      requestId?: string;
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
