import { startMinioStack } from './minio-stack.ts';

/** The S3 servers on which every drill with objects runs. */
export const S3_STORES = ['versitygw', 'minio'] as const;

/** Returns the test run's servers with one of the stores. The caller stops it. */
export const startS3Store = async (
  store: (typeof S3_STORES)[number],
  stack: Record<string, string>,
): Promise<{ env: Record<string, string>; stop(): Promise<void> }> =>
  store === 'minio' ? startMinioStack(stack) : { env: stack, stop: async () => {} };
