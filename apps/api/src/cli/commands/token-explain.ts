import { KeysUnavailableError } from '@claimcheck/platform/auth/key-set';
import { TokenError } from '@claimcheck/platform/auth/token-error';
import { createTokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import jwt from 'jsonwebtoken';
import { readApiConfig } from '../../config.ts';
import type { Command } from '../command.ts';
import { toFields } from '../to-lines.ts';

/** The claims that decide; the host alone uses the others. */
const shownClaims = (token: string): Record<string, unknown> => {
  try {
    const decoded = jwt.decode(token, { complete: true });
    if (decoded === null || typeof decoded.payload === 'string') return {};
    const { iss, aud, sub, exp, nbf, scope } = decoded.payload as jwt.JwtPayload & { scope?: unknown };
    const time = (seconds: number | undefined) =>
      seconds === undefined ? undefined : new Date(seconds * 1_000).toISOString();
    const { alg, kid } = decoded.header;
    return { alg, kid, iss, aud, sub, exp: time(exp), nbf: time(nbf), scope };
  } catch {
    return {};
  }
};

const explain = async (token: string, env: Parameters<typeof readApiConfig>[0]) => {
  const claims = shownClaims(token);
  try {
    const { user_id, is_backend } = await createTokenVerifier(readApiConfig(env).token)(token);
    return { accepted: true, user_id, is_backend, ...claims };
  } catch (error) {
    if (error instanceof KeysUnavailableError)
      return { accepted: false, reason: 'key_set', detail: 'AUTH_JWKS_URL does not answer', ...claims };
    if (!(error instanceof TokenError)) throw error;
    return { accepted: false, reason: error.reason, detail: error.message, ...claims };
  }
};

export const tokenExplainCommand: Command = {
  name: 'token explain',
  summary: 'say whether a token is accepted, and if not, which check it fails',
  positionals: ['token'],
  run: async ({ positionals, env, json, print }) => {
    const found = await explain(positionals[0] ?? '', env);
    print(json ? JSON.stringify(found) : toFields(found).join('\n'));
    return found.accepted ? 0 : 1;
  },
};
