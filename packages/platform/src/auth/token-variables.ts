import { z } from 'zod';
import { httpUrl } from '../process/config.ts';
import { isReservedAudience } from './reserved-audience.ts';

export const tokenVariables = {
  AUTH_JWT_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe("Shared secret of the host's tokens (HS256). Set exactly one of this and `AUTH_JWKS_URL`."),
  AUTH_JWKS_URL: httpUrl.optional().describe("The host's key set (RS, PS or ES keys)."),
  AUTH_ISSUER: z
    .string()
    .optional()
    .meta({ description: "Required `iss` of the host's tokens.", byDefault: 'not checked' }),
  AUTH_AUDIENCE: z
    .string()
    .refine((audience) => !isReservedAudience(audience), 'must not begin with claimcheck:')
    .optional()
    .meta({ description: "Required `aud` of the host's tokens.", byDefault: 'not checked' }),
};

type TokenVariables = z.output<z.ZodObject<typeof tokenVariables>>;

/** There are two ways to check tokens, and a process needs one of them. */
const hasOneTokenSource = (env: TokenVariables): boolean =>
  (env.AUTH_JWT_SECRET === undefined) !== (env.AUTH_JWKS_URL === undefined);

/** Arguments of a schema's `refine`. */
export const exactlyOneTokenSource: [typeof hasOneTokenSource, object] = [
  hasOneTokenSource,
  {
    path: ['AUTH_JWT_SECRET'],
    message: 'set exactly one of AUTH_JWT_SECRET and AUTH_JWKS_URL',
    // Together with all other problems, not only once those are solved.
    when: () => true,
  },
];

/** What {@link tokenVariables} say, for `createTokenVerifier`. */
export const toTokenSettings = (read: TokenVariables) => ({
  secret: read.AUTH_JWT_SECRET,
  jwksUrl: read.AUTH_JWKS_URL,
  issuer: read.AUTH_ISSUER,
  audience: read.AUTH_AUDIENCE,
});
