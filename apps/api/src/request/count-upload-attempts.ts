import type { Logger } from '@claimcheck/platform/process/logger';
import type { Counter } from '@claimcheck/platform/process/metrics';
import type { RequestHandler } from 'express';
import { UNKNOWN_PROTOCOL } from '../metrics/upload-metrics.ts';

declare global {
  namespace Express {
    interface Locals {
      /** Set by a route that created an upload: the protocol of its bytes. */
      createdUpload?: string;
    }
  }
}

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
  ({
    metrics,
    logger,
  }: {
    metrics: { uploads: Counter<'protocol' | 'outcome'> };
    logger: Logger;
  }): RequestHandler =>
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
