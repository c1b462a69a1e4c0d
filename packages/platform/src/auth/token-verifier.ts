import { createSecretKey, type KeyObject } from 'node:crypto';
import { hostId } from '@claimcheck/contracts/ids';
import jwt, { type Algorithm, type JwtHeader, type JwtPayload } from 'jsonwebtoken';
import { KeySet, KeysUnavailableError } from './key-set.ts';
import { isReservedAudience } from './reserved-audience.ts';

export interface Identity {
  user_id: string;
  /** `scope` contains `claimcheck:admin`: the host's backend. */
  is_backend: boolean;
  /** Seconds since 1970. */
  expires_at: number;
}

export class TokenError extends Error {
  readonly code: 'unauthorized' | 'token_expired';

  constructor(code: 'unauthorized' | 'token_expired', message: string) {
    super(message);
    this.name = 'TokenError';
    this.code = code;
  }
}

/** @throws TokenError, KeysUnavailableError */
export type TokenVerifier = (token: string) => Promise<Identity>;

export interface TokenVerifierOptions {
  secret?: string | undefined;
  jwksUrl?: string | undefined;
  issuer?: string | undefined;
  audience?: string | undefined;
}

const ASYMMETRIC: Algorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
];
const MAX_TOKEN_CHARACTERS = 8_192;

type KeyLookup = (header: JwtHeader) => Promise<string | KeyObject | undefined>;

const keyLookupFor = (options: TokenVerifierOptions): { lookUp: KeyLookup; algorithms: Algorithm[] } => {
  const { secret, jwksUrl } = options;
  // The algorithm comes from the configuration, never from the token: that refuses `none`, and a public
  // key used as an HMAC secret (RFC 8725, section 3.1).
  if (secret !== undefined) {
    // As a string, jsonwebtoken would first try, at each request, whether it is a public key.
    const key = createSecretKey(secret, 'utf8');
    return { lookUp: async () => key, algorithms: ['HS256'] };
  }
  if (jwksUrl === undefined) throw new TypeError('a secret or a JWKS URL is required');
  const keys = new KeySet(jwksUrl);
  return { lookUp: ({ kid }) => keys.find(kid), algorithms: ASYMMETRIC };
};

const toIdentity = (payload: JwtPayload | string): Identity => {
  if (typeof payload === 'string' || typeof payload.exp !== 'number')
    throw new TokenError('unauthorized', 'the token has no exp');
  // Also where no audience is configured, and even if both have the same secret.
  if (isReservedAudience(payload.aud)) throw new TokenError('unauthorized', 'the token is not one of a user');
  const subject = hostId.safeParse(payload.sub);
  if (!subject.success) throw new TokenError('unauthorized', 'sub must match [A-Za-z0-9_-]{1,64}');
  const scopes = typeof payload.scope === 'string' ? payload.scope.split(' ') : [];
  return {
    user_id: subject.data,
    is_backend: scopes.includes('claimcheck:admin'),
    expires_at: payload.exp,
  };
};

/** Verifies the host application's tokens (RFC 7519): signature, algorithm, `exp`, issuer, audience. */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const { lookUp, algorithms } = keyLookupFor(options);
  const verifyOptions: jwt.VerifyOptions = { algorithms };
  if (options.issuer !== undefined) verifyOptions.issuer = options.issuer;
  if (options.audience !== undefined) verifyOptions.audience = options.audience;

  return async (token) => {
    const decoded = token.length <= MAX_TOKEN_CHARACTERS ? jwt.decode(token, { complete: true }) : null;
    if (decoded === null) throw new TokenError('unauthorized', 'the token is not a JWT');
    // Before the key is looked up: an attacker must not make us ask the JWKS endpoint.
    if (!algorithms.includes(decoded.header.alg as Algorithm))
      throw new TokenError('unauthorized', 'the algorithm is not accepted');
    try {
      const key = await lookUp(decoded.header);
      if (key === undefined) throw new TokenError('unauthorized', 'the key is not known');
      return toIdentity(jwt.verify(token, key, verifyOptions));
    } catch (error) {
      if (error instanceof TokenError || error instanceof KeysUnavailableError) throw error;
      if (error instanceof jwt.TokenExpiredError)
        throw new TokenError('token_expired', 'the token has expired');
      throw new TokenError('unauthorized', 'the token is not valid');
    }
  };
};
