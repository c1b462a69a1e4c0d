import type { Request, RequestHandler, Response } from 'express';
import { ProblemError } from '../problem-error.ts';

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * Ends the connection with the answer when the answer precedes the body's end, instead of reading the rest. A client that
 * reads answers only after sending would otherwise send a whole film to learn that its token has expired, and a silent one
 * would hold its socket for ever.
 */
export const closeUnread: RequestHandler = (request, response, next) => {
  if (hasBody(request)) {
    const writeHead = response.writeHead;
    response.writeHead = ((...head: Parameters<Response['writeHead']>) => {
      if (!request.complete) response.shouldKeepAlive = false;
      return writeHead.apply(response, head);
    }) as Response['writeHead'];
  }
  next();
};

/** Refuses a body that takes too long. Not for uploads, which may take hours and have a limit of silence. */
export const limitBodyTime =
  (ms: number): RequestHandler =>
  (request, response, next) => {
    if (!hasBody(request)) return next();
    const timer = setTimeout(() => {
      if (response.headersSent) request.destroy();
      else next(new ProblemError('request_timeout'));
    }, ms);
    const clear = () => clearTimeout(timer);
    request.once('end', clear).once('close', clear);
    next();
  };

/** Refuses a body that announces too many bytes, before its first byte is read. */
export const limitBodyBytes =
  (bytes: number): RequestHandler =>
  (request, _response, next) => {
    next(Number(request.get('content-length') ?? 0) > bytes ? new ProblemError('too_large') : undefined);
  };
