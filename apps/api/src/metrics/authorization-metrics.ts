import { TOKEN_REFUSALS } from '@claimcheck/platform/auth/token-error';
import { Counter, type Registry } from '@claimcheck/platform/process/metrics';

/** Reasons in addition to those of tokens: an expired media session, and valid tokens without the right. */
const OTHERS = ['media_session', 'forbidden', 'not_found'] as const;

/** Refusals of HTTP requests. */
export const createAuthorizationMetrics = (registry: Registry) => {
  const authorizationFailures = new Counter({
    name: 'claimcheck_authorization_failures_total',
    help: 'Tokens that were refused, and requests of valid tokens for what is not theirs',
    labelNames: ['surface', 'reason'],
    registers: [registry],
  });
  for (const reason of [...TOKEN_REFUSALS, ...OTHERS])
    authorizationFailures.inc({ surface: 'http', reason }, 0);
  return { authorizationFailures };
};
