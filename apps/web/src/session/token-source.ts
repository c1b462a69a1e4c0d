import type { TokenRequest } from '@claimcheck/client';

/** Renewed this long before it expires; a minute before, the gateway asks for a token that expires later. */
const MARGIN_MS = 120_000;

/**
 * Calls `login` once for all callers that need a token now. Calls it again only when the token is about to expire, or when
 * the server refused it.
 */
export const createTokenSource = (login: () => Promise<string>) => {
  let current: { token: Promise<string>; goodUntil: number } | undefined;

  return ({ fresh }: TokenRequest = { fresh: false }): Promise<string> => {
    if (!fresh && current && current.goodUntil > Date.now()) return current.token;
    const started = { token: login(), goodUntil: Number.POSITIVE_INFINITY };
    current = started;
    started.token.then(
      (token) => {
        started.goodUntil = expiryOf(token) - MARGIN_MS;
      },
      () => {
        if (current === started) current = undefined;
      },
    );
    return started.token;
  };
};

/** Returns `exp` of a JWT in milliseconds, without checking the token; the server does that. */
const expiryOf = (token: string): number => {
  const payload = token.split('.')[1] ?? '';
  const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  const hasExpiry = typeof claims === 'object' && claims !== null && 'exp' in claims;
  return hasExpiry && typeof claims.exp === 'number' ? claims.exp * 1_000 : 0;
};
