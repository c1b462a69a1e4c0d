import { join } from 'node:path';
import { configured, definedOnly, type Environment } from './environment.ts';
import type { Secrets } from './persisted-settings.ts';
import type { StartConfig } from './start-config.ts';
import { WORKER_MEMORY } from './worker-memory.ts';

export type AppName = 'api' | 'worker' | 'gateway';

/** The worker handles hostile bytes, so it gets no credentials of the database and no signing secret. */
const WITHHELD_FROM_WORKER = ['DATABASE_URL', 'GATEWAY_DATABASE_URL', 'AUTH_JWT_SECRET', 'TOKEN_SECRETS'];

/**
 * Returns the environment of each app: the user's own, completed with the stack's addresses and the demo's defaults.
 * @param stack what `startLocalStack` returned as `env`.
 */
export const appEnvironments = (
  env: Environment,
  config: StartConfig,
  stack: Readonly<Record<string, string>>,
  secrets: Pick<Secrets, 'authJwtSecret' | 'ticketSecret'>,
): Record<AppName, Record<string, string>> => {
  const { ports } = config;
  const usesJwks = configured(env, 'AUTH_JWKS_URL') !== undefined;
  const defaults = {
    NODE_ENV: 'production',
    // In the demo, users create conversations themselves, and the api serves the page.
    CONVERSATION_ADMIN: 'creator',
    WEB_DIR: join('apps', 'web', 'dist'),
    TOKEN_SECRETS: `local:${secrets.ticketSecret}`,
    // The demo's login signs with the shared secret; with a JWKS there is no such secret.
    ...(usesJwks ? {} : { AUTH_JWT_SECRET: secrets.authJwtSecret, DEV_LOGIN: 'true' }),
  };
  const common: Record<string, string> = { ...defaults, ...withoutEmpty(env), ...stack };
  common.PORT = String(ports.PORT);
  common.GATEWAY_PORT = String(ports.GATEWAY_PORT);
  common.PUBLIC_URL = config.publicUrl;
  common.GATEWAY_PUBLIC_URL = config.gatewayPublicUrl;
  const readerUrl = common.GATEWAY_DATABASE_URL;

  const api = { ...common, ADMIN_PORT: String(ports['api ADMIN_PORT']) };
  const gateway: Record<string, string> = { ...common, ADMIN_PORT: String(ports['gateway ADMIN_PORT']) };
  if (readerUrl !== undefined) gateway.DATABASE_URL = readerUrl;
  const worker: Record<string, string> = {
    ...WORKER_MEMORY,
    ...common,
    ADMIN_PORT: String(ports['worker ADMIN_PORT']),
  };
  for (const name of WITHHELD_FROM_WORKER) delete worker[name];
  return { api, worker, gateway };
};

/** An empty variable counts as not set, so it must not hide a default. */
const withoutEmpty = (env: Environment): Record<string, string> => {
  return Object.fromEntries(Object.entries(definedOnly(env)).filter(([, value]) => value !== ''));
};
