import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The relay's own counters since its start. */
export interface RelayFigures {
  claims: number;
  claim_seconds: number;
}

export interface RelayProcess {
  figures(): Promise<RelayFigures>;
  stop(): Promise<void>;
}

const readMetric = (metrics: string, name: string): number =>
  Number(metrics.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1] ?? 0);

/** Starts apps/api with only the role `background`. @param env leads to the servers, with the database and APP_NAME */
export const startRelayProcess = async (env: Record<string, string>): Promise<RelayProcess> => {
  const adminPort = await freePort();
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const service = await startProcess({
    name: 'relay',
    command: process.execPath,
    args: ['apps/api/src/main.ts'],
    cwd: ROOT,
    env: {
      ...env,
      ADMIN_PORT: String(adminPort),
      AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
      ROLES: 'background',
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
    },
    ready: async () => (await fetch(`${adminUrl}/readyz`)).ok,
    timeoutMs: 60_000,
  });
  return {
    figures: async () => {
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      return {
        claims: readMetric(metrics, 'claimcheck_outbox_claim_duration_seconds_count'),
        claim_seconds: readMetric(metrics, 'claimcheck_outbox_claim_duration_seconds_sum'),
      };
    },
    stop: () => service.stop(),
  };
};
