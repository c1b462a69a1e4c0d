import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalStack } from '@claimcheck/local-stack/local-stack';

/**
 * The servers of the test run with MinIO in the place of their S3.
 * @returns configuration as of the run's stack, and what ends MinIO and removes its data
 */
export const startMinioStack = async (
  stack: Record<string, string>,
): Promise<{ env: Record<string, string>; stop(): Promise<void> }> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-minio-'));
  const { S3_ENDPOINT: _, ...others } = stack;
  const minio = await startLocalStack({
    dataDir,
    env: { ...process.env, ...others, S3_ENDPOINT: undefined },
    s3: 'minio',
    clamav: 'none',
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  return {
    env: { ...stack, ...minio.env },
    stop: async () => {
      await minio.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
