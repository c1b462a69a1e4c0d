import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@claimcheck/local-stack/free-port';
import { startProcess } from '@claimcheck/local-stack/managed-process';
import { ensureBucket, type S3Access } from '@claimcheck/local-stack/s3-bucket';
import { moto } from './moto.ts';
import { s3mock } from './s3mock.ts';
import type { FindStore } from './store-program.ts';
import { versitygwWithDomain } from './versitygw-with-domain.ts';

/** Stores that are tried besides versitygw and MinIO, which everything is drilled on. */
export const STORES = { moto, s3mock } satisfies Record<string, FindStore>;

const ALL_STORES = { ...STORES, versitygwWithDomain } satisfies Record<string, FindStore>;

export interface RunningStore {
  /** Configuration that leads to this store. */
  env: Record<string, string>;
  /** Ends the store and removes its data. */
  stop(): Promise<void>;
}

/** Starts a store with an empty bucket on loopback. */
export const startStore = async (name: keyof typeof ALL_STORES): Promise<RunningStore> => {
  const dataDir = await mkdtemp(join(tmpdir(), `claimcheck-${name}-`));
  const port = await freePort();
  const access: S3Access = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'claimcheck',
    accessKeyId: `store-${randomBytes(4).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  const program = await ALL_STORES[name]({ access, port, dataDir });
  const service = await startProcess({
    name,
    command: program.command,
    args: [...program.args],
    cwd: dataDir,
    env: { PATH: process.env.PATH ?? '', ...program.env },
    ready: () => ensureBucket(access),
    timeoutMs: 120_000,
  });
  return {
    env: {
      S3_ENDPOINT: access.endpoint,
      S3_REGION: access.region,
      S3_BUCKET: access.bucket,
      S3_ACCESS_KEY_ID: access.accessKeyId,
      S3_SECRET_ACCESS_KEY: access.secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
    },
    stop: async () => {
      await service.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
};
