import type { Request, RequestHandler } from 'express';
import { ProblemError } from '../problem-error.ts';

const OCTETS = 'application/offset+octet-stream';

/** Returns whether a body is bytes of an upload; parameters of the media type do not matter (RFC 9110, 8.3.1). */
export const isOctets = (contentType: string | undefined): boolean =>
  contentType?.split(';')[0]?.trim().toLowerCase() === OCTETS;

/**
 * Sets the headers that tus 1.0.0 requires in every answer, including answers given before the protocol's server:
 * `Tus-Resumable` (section "Tus-Resumable"), and no cached HEAD (section "HEAD").
 */
export const tusHeaders: RequestHandler = (request, response, next) => {
  response.set('Tus-Resumable', '1.0.0');
  if (request.get('tus-resumable') !== '1.0.0') response.set('Tus-Version', '1.0.0');
  if (request.method === 'HEAD') response.set('Cache-Control', 'no-store');
  next();
};

/** @throws ProblemError `unsupported_media_type` (section "PATCH") */
export const assertOctets = (contentType: string | undefined): void => {
  if (!isOctets(contentType))
    throw new ProblemError('unsupported_media_type', { field: 'Content-Type', detail: `Send ${OCTETS}.` });
};

/** @throws ProblemError `tus_version` (tus 1.0.0, Tus-Resumable) */
export const assertTusVersion = (request: Request): void => {
  if (request.get('tus-resumable') !== '1.0.0') throw new ProblemError('tus_version');
};
