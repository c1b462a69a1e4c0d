import { resolve } from 'node:path';
import { configured, type Environment } from './environment.ts';

/** Settings of `npm start` itself; the rest of the environment goes to the apps unchanged. */
export interface StartConfig {
  dataDir: string;
  /** Port by the variable that sets it. */
  ports: Record<StartPort, number>;
  publicUrl: string;
  gatewayPublicUrl: string;
}

export type StartPort =
  | 'PORT'
  | 'GATEWAY_PORT'
  | 'api ADMIN_PORT'
  | 'gateway ADMIN_PORT'
  | 'worker ADMIN_PORT';

/** Every problem of the configuration, each with its variable's name. */
export class StartConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'StartConfigError';
  }
}

/**
 * @param root the checkout, which contains the data directory by default
 * @throws StartConfigError
 */
export const readStartConfig = (env: Environment, root: string): StartConfig => {
  const problems: string[] = [];
  const port = (name: string, byDefault: number): number => {
    const text = configured(env, name);
    const value = text === undefined ? byDefault : Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= 65_533) return value;
    problems.push(`${name} must be a port number between 1 and 65533`);
    return byDefault;
  };
  // One machine, three apps: ADMIN_PORT is the first of three in a row.
  const adminPort = port('ADMIN_PORT', 9080);
  const ports = {
    PORT: port('PORT', 8080),
    GATEWAY_PORT: port('GATEWAY_PORT', 8081),
    'api ADMIN_PORT': adminPort,
    'gateway ADMIN_PORT': adminPort + 1,
    'worker ADMIN_PORT': adminPort + 2,
  };
  const byPort = Map.groupBy(Object.entries(ports), ([, value]) => value);
  for (const [value, entries] of byPort) {
    if (entries.length > 1) problems.push(`${entries.map(([name]) => name).join(' and ')} are both ${value}`);
  }
  if (problems.length > 0) throw new StartConfigError(problems);
  return {
    dataDir: resolve(root, configured(env, 'CLAIMCHECK_DATA_DIR') ?? '.claimcheck'),
    ports,
    publicUrl: configured(env, 'PUBLIC_URL') ?? `http://127.0.0.1:${ports.PORT}`,
    gatewayPublicUrl: configured(env, 'GATEWAY_PUBLIC_URL') ?? `http://127.0.0.1:${ports.GATEWAY_PORT}`,
  };
};
