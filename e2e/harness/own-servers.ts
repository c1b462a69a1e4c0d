import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalStack, startLocalStack } from '@claimcheck/local-stack/local-stack';

export type OwnServer = 'postgres' | 'nats' | 's3' | 'clamav';

/** The variable that configures each server; without it the local stack starts one. */
const VARIABLES: Record<OwnServer, readonly string[]> = {
  postgres: ['DATABASE_URL', 'GATEWAY_DATABASE_URL'],
  nats: ['NATS_URL', 'NATS_MONITOR_URL'],
  s3: ['S3_ENDPOINT'],
  clamav: ['CLAMAV_HOST', 'CLAMAV_PORT'],
};

export interface OwnServers {
  /** Configuration of the run's stack, with these servers instead of its own. */
  env: Record<string, string>;
  services: LocalStack['services'];
  /** Data folder of each server. */
  dataDir: string;
  /** Ends these servers and removes their data. */
  stop(): Promise<void>;
}

/** Servers that a drill may kill: the test run's other servers are shared with other files. */
export const startOwnServers = async (
  stack: Record<string, string>,
  own: readonly OwnServer[],
  {
    appName,
    ...options
  }: { s3?: 'versitygw' | 'minio' /** Names the bucket's notifications. */; appName?: string } = {},
): Promise<OwnServers> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-own-'));
  const replaced = new Set(own.flatMap((server) => VARIABLES[server]));
  const others = Object.fromEntries(Object.entries(stack).filter(([name]) => !replaced.has(name)));
  const cleared = Object.fromEntries([...replaced].map((name) => [name, undefined]));
  const started = await startLocalStack({
    dataDir,
    env: { ...process.env, ...others, ...cleared, APP_NAME: appName },
    clamav: own.includes('clamav') ? 'test-signatures' : 'none',
    onProgress: (line) => process.stderr.write(`${line}\n`),
    ...options,
  });
  return {
    env: { ...stack, ...started.env },
    services: started.services,
    dataDir,
    stop: async () => {
      await started.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
