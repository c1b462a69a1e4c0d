import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalStack } from '@claimcheck/local-stack/local-stack';

export interface TestStack {
  /** Environment variables of the running servers: DATABASE_URL, NATS_URL, S3_…, CLAMAV_…. */
  env: Record<string, string>;
  /** Stops the servers and removes their data. */
  stop(): Promise<void>;
}

/** Starts real Postgres, NATS, S3 and clamd with empty data in a folder of their own. */
export const startTestStack = async (): Promise<TestStack> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-test-'));
  // A process that ends may still be writing to it.
  const removeData = () => rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  try {
    const stack = await startLocalStack({
      dataDir,
      env: process.env,
      clamav: 'test-signatures',
      fresh: true,
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    const stop = async () => {
      await stack.stop();
      await removeData();
    };
    // Hundreds of processes start from the same files: they are compiled once.
    return { env: { ...stack.env, NODE_COMPILE_CACHE: join(dataDir, 'compile-cache') }, stop };
  } catch (error) {
    await removeData();
    throw error;
  }
};
