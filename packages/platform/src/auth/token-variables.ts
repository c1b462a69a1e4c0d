import { SUBJECT_FORMS } from '@claimcheck/contracts/ids';
import { z } from 'zod';
import { duration, httpUrl, list } from '../process/config.ts';
import { isReservedAudience, type TokenVerifierOptions } from './token-verifier.ts';

const MIN_SECRET_LENGTH = 32;

/**
 * One secret, or several separated by commas or lines: the first signs, all verify. A single secret may contain a comma, so
 * the whole text also counts as a secret.
 */
const secrets = z.string().transform((text, context): string[] => {
  const whole = text.trim();
  if (whole.length < MIN_SECRET_LENGTH)
    context.addIssue({ code: 'custom', message: `must have at least ${MIN_SECRET_LENGTH} characters` });
  const entries = whole.split(/[,\n]/).map((entry) => entry.trim());
  const isList = entries.every((entry) => entry.length >= MIN_SECRET_LENGTH);
  return [...new Set(isList ? [...entries, whole] : [whole])];
});

export const tokenVariables = {
  AUTH_JWT_SECRET: secrets
    .optional()
    .describe(
      "Shared secrets of the host's tokens (HS256), at least 32 characters each, separated by commas or lines. Any may have signed, so that one can be replaced. Set exactly one of this and `AUTH_JWKS_URL`.",
    ),
  AUTH_JWKS_URL: httpUrl.optional().describe("The host's key set (RS, PS, ES or EdDSA keys)."),
  AUTH_ISSUER: list.optional().meta({
    description: "Accepted `iss` of the host's tokens, comma-separated.",
    byDefault: 'not checked',
  }),
  AUTH_AUDIENCE: list
    .refine((audiences) => !isReservedAudience(audiences), 'must not begin with claimcheck:')
    .optional()
    .meta({ description: "Accepted `aud` of the host's tokens, comma-separated.", byDefault: 'not checked' }),
  AUTH_CLOCK_TOLERANCE: duration
    .refine((ms) => ms <= 300_000, 'must be at most 5m')
    .meta({ takes: 'duration, at most 5m' })
    .default(5_000)
    .describe("How far the host's clock may differ, for `exp` and `nbf`."),
  AUTH_SUBJECT: z
    .enum(SUBJECT_FORMS)
    .default('plain')
    .describe(
      '`plain`: `sub` is the user id. `encoded`: any `sub`, such as an e-mail address, [becomes one](operations.md).',
    ),
};

type TokenVariables = z.output<z.ZodObject<typeof tokenVariables>>;

/** A process needs one of the two ways to check tokens. */
const hasOneTokenSource = (env: Pick<TokenVariables, 'AUTH_JWT_SECRET' | 'AUTH_JWKS_URL'>): boolean =>
  (env.AUTH_JWT_SECRET === undefined) !== (env.AUTH_JWKS_URL === undefined);

/** Arguments of a schema's `refine`. */
export const exactlyOneTokenSource: [typeof hasOneTokenSource, object] = [
  hasOneTokenSource,
  {
    path: ['AUTH_JWT_SECRET'],
    message: 'set exactly one of AUTH_JWT_SECRET and AUTH_JWKS_URL',
    // Reported together with all other problems, not only once those are solved.
    when: () => true,
  },
];

/** Returns the settings of {@link tokenVariables} for `createTokenVerifier`; the first secret also signs. */
export const toTokenSettings = (read: TokenVariables) => {
  const { AUTH_JWT_SECRET: all } = read;
  return {
    secrets: all === undefined ? undefined : () => all,
    jwksUrl: read.AUTH_JWKS_URL,
    issuers: read.AUTH_ISSUER,
    audiences: read.AUTH_AUDIENCE,
    clockToleranceMs: read.AUTH_CLOCK_TOLERANCE,
    subjectForm: read.AUTH_SUBJECT,
  } satisfies TokenVerifierOptions;
};

/** The settings of tokens that a process has read. */
export type TokenSettings = ReturnType<typeof toTokenSettings>;
