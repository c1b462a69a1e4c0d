import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '@claimcheck/platform/process/environment';

/** As `npm start` names them: packages/local-stack writes the file while it runs. */
const DEFAULT_DATA_DIR = '.claimcheck';
const ENV_FILE = 'api.env';

/**
 * Completes an environment that names no database with that of a running `npm start`, from its data directory. So
 * `npm run claimcheck -- …` works on a developer's machine without any variable set.
 *
 * @param notify called with the name of the file
 */
export const withRunningSystem = (env: Environment, notify: (line: string) => void): Environment => {
  if (env.DATABASE_URL !== undefined && env.DATABASE_URL !== '') return env;
  const file = join(env.CLAIMCHECK_DATA_DIR || DEFAULT_DATA_DIR, ENV_FILE);
  const kept = readEnvFile(file);
  if (kept === undefined) return env;
  notify(`using the system that runs on ${file}`);
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  return { ...kept, ...given };
};

const readEnvFile = (file: string): Environment | undefined => {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};
