import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';

const part = (description: string) => z.string().optional().describe(description);

/** Variables that say where Postgres is. {@link withDatabaseUrl} makes `DATABASE_URL` of the others. */
export const databaseVariables = {
  DATABASE_URL: z
    .string()
    .min(1)
    .describe(
      'Postgres, as a URL, or by parts in `PGHOST` and so on. Give the gateway a role that may only SELECT.',
    ),
  PGHOST: part(
    'Name, address or socket folder of Postgres, for hosts that give parts of an address. Not read when `DATABASE_URL` is set.',
  ),
  PGPORT: part('Port of `PGHOST`.').meta({ byDefault: '5432' }),
  PGUSER: part('Role at `PGHOST`; required with it.'),
  PGPASSWORD: part('Password of `PGUSER`; may be in a file, `PGPASSWORD_FILE`.'),
  PGDATABASE: part('Database at `PGHOST`.').meta({ byDefault: '`PGUSER`' }),
  PGSSLMODE: part('`sslmode` of a connection to `PGHOST`, such as `verify-full`.'),
  PGSSLROOTCERT: part('File of the certificate authority of `PGHOST`.'),
  PGSSLCERT: part("File of the client's certificate for `PGHOST`."),
  PGSSLKEY: part('File of the key of `PGSSLCERT`.'),
};

const PARAMETERS = {
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
} as const;

/**
 * Adds `DATABASE_URL` to an environment that has the address of Postgres by parts, under libpq's names.
 * @throws ConfigError when there is a host and no user
 */
export const withDatabaseUrl = (env: Environment): Environment => {
  const { DATABASE_URL, PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = env;
  if (isSet(DATABASE_URL) || !isSet(PGHOST)) return env;
  if (!isSet(PGUSER)) throw new ConfigError(['PGUSER: is required with PGHOST']);
  const parameters = new URLSearchParams();
  // A URL's host has no place for a folder.
  const isFolder = PGHOST.startsWith('/');
  if (isFolder) parameters.set('host', PGHOST);
  const host = isFolder ? 'localhost' : PGHOST.includes(':') ? `[${PGHOST}]` : PGHOST;
  for (const [variable, name] of Object.entries(PARAMETERS)) {
    const value = env[variable];
    if (isSet(value)) parameters.set(name, value);
  }
  const password = isSet(PGPASSWORD) ? `:${encodeURIComponent(PGPASSWORD)}` : '';
  const port = isSet(PGPORT) ? `:${encodeURIComponent(PGPORT)}` : '';
  const name = encodeURIComponent(isSet(PGDATABASE) ? PGDATABASE : PGUSER);
  const user = encodeURIComponent(PGUSER);
  return { ...env, DATABASE_URL: `postgresql://${user}${password}@${host}${port}/${name}?${parameters}` };
};

const isSet = (value: string | undefined): value is string => value !== undefined && value !== '';
