import { createPublicKey, createSecretKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { type SubjectForm, toUserId } from '@claimcheck/contracts/ids';
import jwt, { type Algorithm, type Jwt } from 'jsonwebtoken';
import { z } from 'zod';
import { KeySet } from './key-set.ts';
import { TokenError } from './token-error.ts';

export interface Identity {
  user_id: string;
  /** `scope` contains `claimcheck:admin`: the host's backend. */
  is_backend: boolean;
  /** Seconds since 1970. */
  expires_at: number;
}

interface ClaimRules {
  /** Accepted `iss`; any if empty. */
  issuers?: readonly string[] | undefined;
  /** Accepted `aud`; any if empty. */
  audiences?: readonly string[] | undefined;
  /** Accepted difference between the host's clock and this one. */
  clockToleranceMs?: number | undefined;
  /** How `sub` becomes a user id. */
  subjectForm?: SubjectForm | undefined;
}

const claimsSchema = z.looseObject({
  exp: z.number(),
  nbf: z.number().optional(),
  iss: z.unknown().optional(),
  aud: z.unknown().optional(),
  sub: z.unknown().optional(),
  scope: z.unknown().optional(),
});

const isOneOf = (value: unknown, accepted: readonly string[] = []): boolean =>
  accepted.length === 0 || [value].flat().some((one) => typeof one === 'string' && accepted.includes(one));

/** Reads the claims of a token whose signature is valid. @throws TokenError */
const toIdentity = (payload: unknown, rules: ClaimRules): Identity => {
  const read = claimsSchema.safeParse(payload);
  if (!read.success) throw new TokenError('malformed', 'exp is missing, or a claim has the wrong type');
  const { exp, nbf, iss, aud, sub, scope } = read.data;
  const tolerance = (rules.clockToleranceMs ?? 0) / 1_000;
  const now = Date.now() / 1_000;
  if (exp + tolerance <= now) throw new TokenError('token_expired', 'exp has passed');
  if (nbf !== undefined && nbf - tolerance > now)
    throw new TokenError('not_yet_valid', 'nbf has not come yet');
  if (!isOneOf(iss, rules.issuers)) throw new TokenError('issuer', 'iss is not one of AUTH_ISSUER');
  if (!isOneOf(aud, rules.audiences)) throw new TokenError('audience', 'aud is not one of AUTH_AUDIENCE');
  // Even if no audience is configured, or both kinds of token share a secret.
  if (isReservedAudience(aud)) throw new TokenError('audience', 'aud is one of Claimcheck, not of a user');
  const user_id = toUserId(sub, rules.subjectForm);
  if (user_id === undefined) throw new TokenError('subject', 'sub is not a user id; see AUTH_SUBJECT');
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  return { user_id, is_backend: scopes.includes('claimcheck:admin'), expires_at: exp + tolerance };
};

/** Audiences of the tokens that we sign ourselves. A token with one of them is never a user's token. */
export const isReservedAudience = (audience: unknown): boolean =>
  (Array.isArray(audience) ? audience : [audience]).some(
    (entry) => typeof entry === 'string' && entry.startsWith('claimcheck:'),
  );

export { TokenError };

/** @throws TokenError, KeysUnavailableError */
export type TokenVerifier = (token: string) => Promise<Identity>;

export interface TokenVerifierOptions extends ClaimRules {
  /** Shared secrets, any of which may have signed; read for each token, so that they can be replaced. */
  secrets?: (() => readonly string[]) | undefined;
  jwksUrl?: string | undefined;
}

const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const;
/** Unknown to jsonwebtoken. */
const EDDSA = 'EdDSA';
const MAX_TOKEN_CHARACTERS = 8_192;

const decode = (token: string): Jwt | null => {
  try {
    return token.length <= MAX_TOKEN_CHARACTERS ? jwt.decode(token, { complete: true }) : null;
  } catch {
    // The payload is not JSON.
    return null;
  }
};

/** Checks a signature. @returns whether it is valid; undefined when the key is unknown */
type SignatureCheck = (token: string, decoded: Jwt) => Promise<boolean | undefined>;

const isSigned = (token: string, key: string | KeyObject, algorithm: Algorithm): boolean => {
  try {
    // Claims are checked afterwards, with reasons.
    jwt.verify(token, key, { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true });
    return true;
  } catch {
    return false;
  }
};

const isSignedByEdDsa = (token: string, key: string): boolean => {
  const publicKey = createPublicKey(key);
  if (publicKey.asymmetricKeyType !== 'ed25519' && publicKey.asymmetricKeyType !== 'ed448') return false;
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  return verifySignature(null, Buffer.from(token.slice(0, end)), publicKey, signature);
};

const checkBySecrets = (secrets: () => readonly string[]): SignatureCheck => {
  // If the key were a string, jsonwebtoken would try at each request whether it is a public key.
  const keys = new Map<string, KeyObject>();
  const keyOf = (secret: string): KeyObject => {
    const key = keys.get(secret) ?? createSecretKey(secret, 'utf8');
    keys.set(secret, key);
    return key;
  };
  return async (token) => secrets().some((secret) => isSigned(token, keyOf(secret), 'HS256'));
};

const checkByKeySet = (url: string): SignatureCheck => {
  const keys = new KeySet(url);
  return async (token, { header }) => {
    const key = await keys.find(header.kid);
    if (key === undefined) return undefined;
    return header.alg === EDDSA ? isSignedByEdDsa(token, key) : isSigned(token, key, header.alg as Algorithm);
  };
};

/** @throws TypeError when neither source of keys is configured */
const checkFor = ({ secrets, jwksUrl }: TokenVerifierOptions) => {
  // The algorithm comes from the configuration, never from the token: that refuses `none`, and a public
  // key used as an HMAC secret (RFC 8725, section 3.1).
  if (secrets !== undefined) return { check: checkBySecrets(secrets), algorithms: ['HS256'] };
  if (jwksUrl === undefined) throw new TypeError('a secret or a JWKS URL is required');
  return { check: checkByKeySet(jwksUrl), algorithms: [...ASYMMETRIC, EDDSA] };
};

/** Verifies the host application's tokens (RFC 7519): algorithm, signature, times, issuer, audience, subject. */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const { check, algorithms } = checkFor(options);
  return async (token) => {
    const decoded = decode(token);
    if (decoded === null) throw new TokenError('malformed', 'the token is not a JWT');
    // Before the key lookup: an attacker must not make this process query the JWKS endpoint.
    if (!algorithms.includes(decoded.header.alg))
      throw new TokenError('algorithm', `alg is none of ${algorithms.join(', ')}`);
    const valid = await check(token, decoded);
    if (valid === undefined) throw new TokenError('unknown_key', 'kid is not in the key set');
    if (!valid) throw new TokenError('signature', 'the signature does not match any configured key');
    return toIdentity(decoded.payload, options);
  };
};
