import { startMinioStack } from './minio-stack.ts';

/** The S3 servers that everything which touches objects is drilled on. */
export const S3_STORES = ['versitygw', 'minio'] as const;

/** The servers of the test run on one of the stores. The caller stops what this started. */
export const startS3Store = async (
  store: (typeof S3_STORES)[number],
  stack: Record<string, string>,
): Promise<{ env: Record<string, string>; stop(): Promise<void> }> =>
  store === 'minio' ? startMinioStack(stack) : { env: stack, stop: async () => {} };
