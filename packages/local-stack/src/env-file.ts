import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Variables with which the command line finds the running system; the user's other variables stay out of the file. */
const KEPT =
  /^(APP_NAME|ADMIN_PORT|CLAMAV_\w+|CONVERSATION_ADMIN|DATABASE_URL|DEV_LOGIN|NATS_\w+|S3_\w+|AUTH_\w+|TOKEN_SECRETS|(GATEWAY_)?(PORT|PUBLIC_URL)|SCAN_POLICY|SUBJECT_\w+)$/;

/** Name of the file in the data directory. */
export const ENV_FILE = 'api.env';

/**
 * Writes the api's configuration into the data directory, readable only by this user. With it `npm run claimcheck -- …`
 * works against the running system without any variable set.
 */
export const writeEnvFile = async (
  dataDir: string,
  env: Readonly<Record<string, string>>,
): Promise<{ remove(): Promise<void> }> => {
  const path = join(dataDir, ENV_FILE);
  const lines = Object.entries(env)
    .filter(([name, value]) => KEPT.test(name) && !/['\n]/.test(value))
    .map(([name, value]) => `${name}='${value}'\n`);
  await rm(path, { force: true });
  await writeFile(path, lines.toSorted().join(''), { mode: 0o600 });
  return { remove: () => rm(path, { force: true }) };
};
