import { z } from 'zod';
import { isReservedAudience } from '../auth/reserved-audience.ts';
import { failpointPlan } from '../failpoint/failpoint-plan.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** All problems of a configuration at once, each line starting with the variable's name. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Checks environment variables against a schema whose keys are the variables' names.
 * An empty variable counts as not set, as Compose and Helm produce them.
 *
 * @throws ConfigError naming every variable that is wrong; never a value, which may be a secret.
 */
export const readConfig = <Schema extends z.ZodType>(schema: Schema, env: Environment): z.output<Schema> => {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const name = issue.path.join('.') || 'configuration';
      const missing = issue.code === 'invalid_type' && given[name] === undefined;
      return `${name}: ${missing ? 'is required' : issue.message}`;
    }),
  );
};

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration such as `500ms`, `30s`, `2m`, `24h`, `30d`; milliseconds when read. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'must be a duration such as 30s, 2m or 24h')
  .transform((text) => {
    const unit = text.replace(/\d+/, '') as keyof typeof UNITS;
    return Number.parseInt(text, 10) * UNITS[unit];
  });

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`);

export const port = wholeNumber(0, 65_535);

/** A comma-separated list, without empty entries. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
);

/** A comma-separated list of some of `values`. */
export const listOf = <const Values extends readonly string[]>(values: Values) =>
  list.pipe(z.array(z.enum(values)).min(1));

const KEYED_SECRET = /^([A-Za-z0-9_-]{1,32}):(.{32,})$/;

export interface KeyedSecret {
  kid: string;
  secret: string;
}

/** `kid:secret,kid:secret …`: the first signs, all verify, so that a secret can be replaced without a gap. */
export const keyedSecrets = list
  .transform((entries): KeyedSecret[] =>
    entries.map((entry) => {
      const [, kid = '', secret = ''] = KEYED_SECRET.exec(entry) ?? [];
      return { kid, secret };
    }),
  )
  .refine(
    (keys) => keys.length > 0 && keys.every(({ kid }) => kid !== ''),
    'must be a list of kid:secret, each secret with at least 32 characters',
  )
  .refine(
    (keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length,
    'must not name two secrets with the same kid',
  );

const withoutTrailingSlash = (text: string) => text.replace(/\/+$/, '');

export const httpUrl = z.url({ protocol: /^https?$/ }).transform(withoutTrailingSlash);

/** One subject of the broker, no wildcard: it is published to. */
const subject = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'must be words of [A-Za-z0-9_-] with dots between them');

/** What every process reads. */
export const commonVariables = {
  APP_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must match [A-Za-z0-9_-]{1,64}')
    .default('claimcheck'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  NATS_URL: z.string().min(1),
  FAILPOINT: failpointPlan.optional(),
  SUBJECT_OPTIMIZE_REQUEST: subject.optional(),
  SUBJECT_OPTIMIZE_RESPONSE: subject.optional(),
  SUBJECT_VIRUS: subject.optional(),
};

export const storageVariables = {
  S3_ENDPOINT: httpUrl,
  S3_PUBLIC_ENDPOINT: httpUrl.optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3).max(63),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(1),
  S3_FORCE_PATH_STYLE: flag.default(true),
};

export const tokenVariables = {
  AUTH_JWT_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  AUTH_JWKS_URL: httpUrl.optional(),
  AUTH_ISSUER: z.string().optional(),
  AUTH_AUDIENCE: z
    .string()
    .refine((audience) => !isReservedAudience(audience), 'must not begin with claimcheck:')
    .optional(),
};

/** One of the two ways to check tokens must be configured, and only one. */
export const exactlyOneTokenSource = (env: {
  AUTH_JWT_SECRET?: string | undefined;
  AUTH_JWKS_URL?: string | undefined;
}): boolean => (env.AUTH_JWT_SECRET === undefined) !== (env.AUTH_JWKS_URL === undefined);
