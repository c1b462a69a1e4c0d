import { writeAudit } from '@claimcheck/platform/process/audit';
import type { RequestHandler } from 'express';
import type { HttpContext } from './context.ts';

declare global {
  namespace Express {
    interface Locals {
      /** Ids that neither the path nor `user_id` of the query names; set by routes. */
      audited?: Record<string, unknown>;
    }
  }
}

/** As long as the reason of a take-down. */
const REASON_LENGTH = 500;

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Writes one audit line for each request of a backend: it acts on what belongs to its users. A refused request did
 * nothing, and has its line in the access log. Behind authentication only.
 */
export const auditRequests =
  ({ logger }: Pick<HttpContext, 'logger'>): RequestHandler =>
  (request, response, next) => {
    const { identity } = response.locals;
    if (identity?.is_backend !== true) {
      next();
      return;
    }
    response.on('close', () => {
      const { statusCode: status, locals } = response;
      if (status >= 400 && status < 500) return;
      const user_id = textOf(request.query.user_id);
      writeAudit(logger, {
        actor: identity.user_id,
        action: `${request.method} ${request.route?.path ?? request.path}`,
        object: { ...request.params, ...(user_id === undefined ? {} : { user_id }), ...locals.audited },
        reason: (textOf(request.query.reason) ?? '').slice(0, REASON_LENGTH),
        // A backend that left did not see the answer; its action may have an effect all the same.
        ...(response.writableFinished ? { status } : {}),
        request_id: locals.requestId,
      });
    });
    next();
  };
