import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { withDatabaseUrl } from './database-variables.ts';
import type { Environment } from './environment.ts';
import { withSecretFiles } from './secret-files.ts';

/**
 * Checks environment variables against a schema whose keys are the variables' names. An empty variable counts as not set, as
 * Compose and Helm produce them. A secret may be in a file: `<name>_FILE`. The address of Postgres may come in parts.
 *
 * @throws ConfigError that names every wrong variable; never a value, which may be a secret
 */
export const readConfig = <Schema extends z.ZodType>(schema: Schema, env: Environment): z.output<Schema> => {
  const given = Object.fromEntries(
    Object.entries(withDatabaseUrl(withSecretFiles(env))).filter(
      ([, value]) => value !== undefined && value !== '',
    ),
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
  })
  .meta({ takes: 'duration' });

export const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ takes: '`true` or `false`' });

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`)
    .meta({ takes: 'number', min, max });

export const port = wholeNumber(0, 65_535);

/** A comma-separated list, without empty entries. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  )
  .meta({ takes: 'list' });

/** A comma-separated list of some of `values`. */
export const listOf = <const Values extends readonly string[]>(values: Values) =>
  list
    .pipe(z.array(z.enum(values)).min(1))
    .meta({ takes: `list of ${values.map((value) => `\`${value}\``).join(', ')}` });

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

export const httpUrl = z
  .url({ protocol: /^https?$/ })
  .transform(withoutTrailingSlash)
  .meta({ takes: 'URL' });

/** Variables of every process. */
export const commonVariables = {
  APP_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must match [A-Za-z0-9_-]{1,64}')
    .default('claimcheck')
    .describe('Prefix of subjects and streams; several installations can share a broker.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Lines below this level are not logged.'),
};

/** `SCAN_POLICY`, which api and worker read. */
export const scanPolicy = z
  .enum(['gate', 'deliver', 'off'])
  .default('gate')
  .describe(
    '`gate`: only the thumbnail before the verdict. `deliver`: everything at once, and blocked if infected. `off`: no scans. Must be the same in api and worker.',
  );
