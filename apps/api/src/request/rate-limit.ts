import type { RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from './authenticate.ts';
import type { HttpContext } from './context.ts';

const WINDOW_MS = 60_000;

export type RateLimitName = 'requests' | 'client_reports';

/**
 * So many requests of one user in a minute, counted in this process: behind several replicas a user has as
 * many times more. The host's backend is not limited. Answers carry `RateLimit` and `RateLimit-Policy`
 * (draft-ietf-httpapi-ratelimit-headers-08).
 *
 * @throws ProblemError `rate_limited`, from the handler
 */
export const limitRate = (
  { metrics, logger }: Pick<HttpContext, 'metrics' | 'logger'>,
  name: RateLimitName,
  perMinute: number,
): RequestHandler =>
  rateLimit({
    windowMs: WINDOW_MS,
    limit: perMinute,
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (_request, response) => identityOf(response).user_id,
    skip: (_request, response) => identityOf(response).is_backend,
    handler: (_request, response, next) => {
      const { user_id } = identityOf(response);
      metrics.rateLimited.inc({ limit: name });
      logger.info({ user_id, limit: name, per_minute: perMinute }, 'too many requests');
      const seconds = Number(response.getHeader('Retry-After'));
      next(
        new ProblemError('rate_limited', {
          detail: `At most ${perMinute} in a minute are accepted.`,
          retry_after_ms: (Number.isFinite(seconds) ? Math.max(seconds, 1) : WINDOW_MS / 1_000) * 1_000,
        }),
      );
    },
  });
