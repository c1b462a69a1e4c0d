import type { RequestHandler, Response } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from './authenticate.ts';
import type { HttpContext } from './context.ts';
import type { SharedCounters } from './shared-counters.ts';

const WINDOW_MS = 60_000;

/** A creation writes rows that the sweeper deletes later, even when no byte follows. */
const CREATION_COST = 5;

export type RateLimitName = 'requests' | 'client_reports';

type Limiting = Pick<HttpContext, 'metrics' | 'logger' | 'counters'>;
type Charging = Limiting & Pick<HttpContext, 'config'>;

const keyOf = (name: RateLimitName, userId: string): string => `${name} ${userId}`;

const storeOf = (counters: SharedCounters, name: RateLimitName, perMinute: number): Store => ({
  prefix: name,
  localKeys: false,
  increment: (userId) => counters.add(keyOf(name, userId), 1, perMinute),
  // Nothing here takes a request back.
  decrement: () => {},
  resetKey: () => {},
});

const refusalOf = (
  { metrics, logger }: Limiting,
  response: Response,
  { name, perMinute, resetTime }: { name: RateLimitName; perMinute: number; resetTime: Date | undefined },
): ProblemError => {
  const { user_id } = identityOf(response);
  metrics.rateLimited.inc({ limit: name });
  logger.info({ user_id, limit: name, per_minute: perMinute }, 'too many requests');
  const left = resetTime === undefined ? WINDOW_MS : resetTime.getTime() - Date.now();
  return new ProblemError('rate_limited', {
    detail: `At most ${perMinute} in a minute are accepted.`,
    retry_after_ms: Math.max(1, Math.ceil(left / 1_000)) * 1_000,
  });
};

/**
 * So many requests of one user in a minute, over all processes. The host's backend is not limited. Answers carry
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-08).
 *
 * @throws ProblemError `rate_limited`, from the handler
 */
export const limitRate = (context: Limiting, name: RateLimitName, perMinute: number): RequestHandler =>
  rateLimit({
    windowMs: WINDOW_MS,
    limit: perMinute,
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store: storeOf(context.counters, name, perMinute),
    keyGenerator: (_request, response) => identityOf(response).user_id,
    skip: (_request, response) => identityOf(response).is_backend,
    handler: (request, response, next) => {
      const { resetTime } = (request as { rateLimit?: { resetTime?: Date } }).rateLimit ?? {};
      next(refusalOf(context, response, { name, perMinute, resetTime }));
    },
  });

/**
 * Charges a request of several items for each of them, as that many requests would be; call it before the work.
 * One request never costs more than a minute allows, so that it can succeed.
 *
 * @throws ProblemError `rate_limited`
 */
export const chargeItems = (context: Charging, response: Response, items: number): void => {
  const { user_id, is_backend } = identityOf(response);
  const { requests: perMinute } = context.config.rateLimits;
  // The request itself is counted already.
  const added = Math.min(items, perMinute) - 1;
  if (is_backend || added < 1) return;
  const name = 'requests';
  const { totalHits, resetTime } = context.counters.add(keyOf(name, user_id), added, perMinute);
  if (totalHits > perMinute) throw refusalOf(context, response, { name, perMinute, resetTime });
};

/** Charges the creation of an upload. @throws ProblemError `rate_limited` */
export const chargeCreation = (context: Charging, response: Response): void =>
  chargeItems(context, response, CREATION_COST);
