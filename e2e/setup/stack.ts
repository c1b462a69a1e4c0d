import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalStack } from '@claimcheck/local-stack/local-stack';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the running servers: DATABASE_URL, NATS_URL, S3_…, CLAMAV_…. */
    stack: Record<string, string>;
  }
}

/** Real Postgres, NATS, S3 and clamd for a test run; each test file takes its own database and APP_NAME. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-test-'));
  // A process that ends may be writing to it still.
  const removeData = () => rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  try {
    const stack = await startLocalStack({
      dataDir,
      env: process.env,
      clamav: 'test-signatures',
      fresh: true,
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    // Hundreds of processes start from the same files: they are compiled once.
    const NODE_COMPILE_CACHE = join(dataDir, 'compile-cache');
    project.provide('stack', { ...stack.env, NODE_COMPILE_CACHE });
    return async () => {
      await stack.stop();
      await removeData();
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}
