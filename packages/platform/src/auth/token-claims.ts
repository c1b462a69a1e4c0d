import { type SubjectForm, toUserId } from '@claimcheck/contracts/ids';
import { z } from 'zod';
import { TokenError } from './token-error.ts';

export interface Identity {
  user_id: string;
  /** `scope` contains `claimcheck:admin`: the host's backend. */
  is_backend: boolean;
  /** Seconds since 1970. */
  expires_at: number;
}

export interface ClaimRules {
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
export const toIdentity = (payload: unknown, rules: ClaimRules): Identity => {
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
