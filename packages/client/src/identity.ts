import { ClaimcheckError } from './claimcheck-error.ts';

/** Returns the user's id, the `sub` of a JWT. Only the server checks the token. Throws `token_missing`. */
export const userIdOf = (token: string): string => {
  const claims = claimsOf(token);
  if (typeof claims === 'object' && claims !== null && 'sub' in claims && typeof claims.sub === 'string')
    return claims.sub;
  throw new ClaimcheckError(
    'token_missing',
    'getToken gave something that is no JWT with a `sub`. Let your backend sign one for the user who is logged in.',
  );
};

const claimsOf = (token: string): unknown => {
  try {
    const payload = token.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};
