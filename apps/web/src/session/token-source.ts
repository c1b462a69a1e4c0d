import type { TokenRequest } from '@claimcheck/client';

/** Renewed this long before it ends; the gateway announces the end a minute before and wants a later one then. */
const MARGIN_MS = 120_000;

/**
 * Calls `login` once for all who need a token now, and again only when the token is about to end, or when the
 * server did not accept it.
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

/** `exp` of a JWT in milliseconds; the server checks the token, this only reads its date. */
const expiryOf = (token: string): number => {
  const payload = token.split('.')[1] ?? '';
  const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  const hasExpiry = typeof claims === 'object' && claims !== null && 'exp' in claims;
  return hasExpiry && typeof claims.exp === 'number' ? claims.exp * 1_000 : 0;
};
