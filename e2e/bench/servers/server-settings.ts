import type { S3Access } from '@claimcheck/local-stack/s3-bucket';

/** Settings of the comparison servers. */
export interface ServerSettings {
  port: number;
  storage: S3Access;
  /** A file to which the server's finish hook appends the id of each upload. */
  finish_log?: string;
}

const VARIABLE = 'BENCH_SERVER';

export const toEnvironment = (settings: ServerSettings): Record<string, string> => ({
  [VARIABLE]: JSON.stringify(settings),
});

/** Reads the settings of a server that we started through {@link toEnvironment}. @throws without them */
export const readSettings = (env: Record<string, string | undefined>): ServerSettings => {
  const value = env[VARIABLE];
  if (value === undefined) throw new Error(`${VARIABLE} is not set: this program is run by the bench`);
  return JSON.parse(value) as ServerSettings;
};
