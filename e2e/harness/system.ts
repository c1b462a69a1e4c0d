import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { migrate } from '@claimcheck/database/migrate';
import { freePort } from '@claimcheck/local-stack/free-port';
import { type ManagedService, startProcess } from '@claimcheck/local-stack/managed-process';
import { createDatabase, createReader } from '@claimcheck/local-stack/postgres-setup';
import { WORKER_MEMORY } from '@claimcheck/local-stack/worker-memory';
import jwt from 'jsonwebtoken';

export type AppName = 'api' | 'worker' | 'gateway';
type Variables = Record<string, string>;

/** The three apps as real processes, on shared servers, with a separate database and separate subjects. */
export interface System {
  apiUrl: string;
  gatewayUrl: string;
  appName: string;
  databaseUrl: string;
  env: Variables;
  /** The environment of the api. */
  apiEnv: Variables;
  /** The environment of each app; a second process needs other ports. */
  envs: Record<AppName, Variables>;
  adminUrls: Record<AppName, string>;
  apps: Record<AppName, ManagedService>;
  /** Signs a host's token for a user; `claims` override. */
  tokenFor(userId: string, claims?: { expiresIn?: number; scope?: string; secret?: string }): string;
  /** Ends an app if it still runs, and restarts it on the same ports with `extra` configuration for this run. */
  restart(name: AppName, extra?: Variables): Promise<void>;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const withDatabase = (url: string, database: string, user?: { name: string; password: string }): string => {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  if (user !== undefined) {
    parsed.username = user.name;
    parsed.password = user.password;
  }
  return parsed.href;
};

const prepareDatabase = async (
  stack: Variables,
  name: string,
): Promise<{ owner: string; reader: string }> => {
  const owner = withDatabase(stack.DATABASE_URL ?? '', name);
  await createDatabase(stack.DATABASE_URL ?? '', name);
  await migrate(owner);
  const reader = { name: `reader_${name}`, password: randomBytes(12).toString('hex') };
  await createReader(owner, reader.name, reader.password);
  return { owner, reader: withDatabase(owner, name, reader) };
};

const startApp = (name: AppName, env: Variables, port: number): Promise<ManagedService> =>
  startProcess({
    name,
    command: process.execPath,
    args: [`apps/${name}/src/main.ts`],
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', ...env, ADMIN_PORT: String(port) },
    ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
    timeoutMs: 60_000,
  });

const takePorts = async (count: number): Promise<number[]> => {
  const taken = new Set<number>();
  while (taken.size < count) taken.add(await freePort(taken));
  return [...taken];
};

/** Names a separate installation on shared servers, and its database. */
export const newAppName = (): string => `t${randomBytes(5).toString('hex')}`;

/**
 * Starts api, worker and gateway.
 *
 * @param overrides configuration that differs from the defaults
 * @param own settings of one app only, such as its own broker user
 */
export const startSystem = async (
  stack: Variables,
  overrides: Variables = {},
  own: Partial<Record<AppName, Variables>> = {},
): Promise<System> => {
  const appName = overrides.APP_NAME ?? newAppName();
  const { owner, reader } = await prepareDatabase(stack, appName);
  const [http = 0, gateway = 0, apiAdmin = 0, workerAdmin = 0, gatewayAdmin = 0] = await takePorts(5);
  const secret = randomBytes(32).toString('hex');
  const { DATABASE_URL: _, GATEWAY_DATABASE_URL: __, ...servers } = stack;
  const common: Variables = {
    ...servers,
    APP_NAME: appName,
    PORT: String(http),
    GATEWAY_PORT: String(gateway),
    PUBLIC_URL: `http://127.0.0.1:${http}`,
    GATEWAY_PUBLIC_URL: `http://127.0.0.1:${gateway}`,
    CONVERSATION_ADMIN: 'creator',
    // Tests wait for tokens to expire.
    AUTH_CLOCK_TOLERANCE: '0s',
    WEB_DIR: 'apps/web/dist',
    ...overrides,
  };
  const trusted = { ...common, AUTH_JWT_SECRET: secret };
  const apiEnv: Variables = { ...trusted, DATABASE_URL: owner, DEV_LOGIN: 'true', ...own.api };
  // The worker gets no database and no secret, because it handles hostile bytes.
  const envs = {
    api: apiEnv,
    worker: { ...WORKER_MEMORY, ...common, ...own.worker },
    gateway: { ...trusted, DATABASE_URL: reader, ...own.gateway },
  };
  const adminPorts = { api: apiAdmin, worker: workerAdmin, gateway: gatewayAdmin };
  const [api, worker, gatewayApp] = await Promise.all([
    startApp('api', envs.api, apiAdmin),
    startApp('worker', envs.worker, workerAdmin),
    startApp('gateway', envs.gateway, gatewayAdmin),
  ]);
  const apps = { api, worker, gateway: gatewayApp };
  return {
    apiUrl: `http://127.0.0.1:${http}`,
    gatewayUrl: `http://127.0.0.1:${gateway}`,
    appName,
    databaseUrl: owner,
    env: common,
    apiEnv,
    envs,
    adminUrls: {
      api: `http://127.0.0.1:${apiAdmin}`,
      worker: `http://127.0.0.1:${workerAdmin}`,
      gateway: `http://127.0.0.1:${gatewayAdmin}`,
    },
    apps,
    tokenFor: (userId, claims = {}) =>
      jwt.sign(claims.scope === undefined ? {} : { scope: claims.scope }, claims.secret ?? secret, {
        subject: userId,
        expiresIn: claims.expiresIn ?? 3_600,
      }),
    restart: async (name, extra = {}) => {
      await apps[name].stop();
      apps[name] = await startApp(name, { ...envs[name], ...extra }, adminPorts[name]);
    },
    stop: async () => {
      await Promise.all(Object.values(apps).map((app) => app.stop()));
    },
  };
};
