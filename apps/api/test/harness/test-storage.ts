import { Storage } from '@claimcheck/platform/s3/storage';

/** The test run's bucket. */
export const createTestStorage = (stack: Record<string, string>): Storage =>
  new Storage({
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    keys: () => ({
      accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
    }),
    forcePathStyle: true,
  });

export const keysBelow = async (storage: Storage, prefix: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of storage.list(prefix)) keys.push(key);
  return keys;
};

export const putObject = (storage: Storage, key: string, size_bytes = 10): Promise<void> =>
  storage.put(key, Buffer.alloc(size_bytes), { size_bytes, content_type: 'application/octet-stream' });
