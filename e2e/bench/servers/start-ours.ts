import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { migrate } from '@claimcheck/database/migrate';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { createDatabase } from '@claimcheck/local-stack/postgres-setup';
import jwt from 'jsonwebtoken';
import { type BenchServer, type Ground, lastSegment } from './bench-server.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BUCKET = 'bench-ours';
/** Configured like the api in chart and compose file. */
const NODE_FLAGS = ['--max-semi-space-size=8'];
// Requests are rate-limited per user; a real load comes from many users.
const USERS = 64;

const createOwnDatabase = async (stackUrl: string, name: string): Promise<string> => {
  await createDatabase(stackUrl, name);
  const url = new URL(stackUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return url.href;
};

const signTokens = (secret: string): string[] =>
  Array.from({ length: USERS }, (_, user) =>
    jwt.sign({}, secret, { subject: `bench-${user}`, expiresIn: '12h' }),
  );

const checkFinished = async (apiUrl: string, uploadUrl: string, token = ''): Promise<void> => {
  const url = `${apiUrl}/v1/media/${lastSegment(uploadUrl)}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  const media = JSON.parse(text) as { upload_state?: string };
  if (media.upload_state !== 'uploaded') throw new Error(`a finished upload is ${media.upload_state}`);
};

/**
 * Starts apps/api with both roles, on a separate database and streams; no worker consumes its requests.
 *
 * @param overrides configuration that differs
 */
export const startOurs = async (
  { stack, target }: Ground,
  overrides: Record<string, string> = {},
): Promise<BenchServer> => {
  const name = `bench${randomBytes(5).toString('hex')}`;
  const secret = randomBytes(32).toString('hex');
  const port = await freePort();
  const adminPort = await freePort(new Set([port]));
  const apiUrl = `http://127.0.0.1:${port}`;
  await target.createBucket(BUCKET);
  const env = {
    ...stack,
    DATABASE_URL: await createOwnDatabase(stack.DATABASE_URL ?? '', name),
    S3_ENDPOINT: target.account.endpoint,
    S3_BUCKET: BUCKET,
    APP_NAME: name,
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    PUBLIC_URL: apiUrl,
    AUTH_JWT_SECRET: secret,
    ROLES: 'http,background',
    LOG_LEVEL: 'warn',
    // One user stands for thousands.
    MAX_OPEN_UPLOADS: '100000',
    NODE_ENV: 'production',
    // Without a worker nothing becomes ready, and repeated requests are not under test.
    READY_DEADLINE: '1h',
    ...overrides,
  };
  const service = await startProcess({
    name: 'api',
    command: process.execPath,
    args: [...NODE_FLAGS, 'apps/api/src/main.ts'],
    cwd: ROOT,
    env,
    ready: async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok,
    timeoutMs: 60_000,
  });
  return {
    name: 'ours',
    pid: service.pid,
    endpoint: `${apiUrl}/v1/uploads`,
    bucket: BUCKET,
    prefixOf: (url) => `${lastSegment(url)}/`,
    tokens: signTokens(secret),
    checkFinished: (url, token) => checkFinished(apiUrl, url, token),
    logTail: () => service.logTail(),
    stop: () => service.stop(),
  };
};
