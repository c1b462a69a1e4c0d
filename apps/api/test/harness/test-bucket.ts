import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { createTestStorage, keysBelow, putObject } from './test-storage.ts';

export interface TestBucket {
  storage: Storage;
  /** Objects of {@link OBJECT_BYTES} each. */
  putAll(keys: readonly string[]): Promise<void>;
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

export const OBJECT_BYTES = 5;
const AT_ONCE = 32;

/** Creates a separate bucket on the test run's storage. */
export const createTestBucket = async (stack: Record<string, string>): Promise<TestBucket> => {
  const bucket = `api-test-${randomBytes(6).toString('hex')}`;
  const storage = createTestStorage({ ...stack, S3_BUCKET: bucket });
  await storage.client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    storage,
    keys: () => keysBelow(storage, ''),
    putAll: async (wanted) => {
      const left = [...wanted];
      const putSome = async () => {
        for (let key = left.pop(); key !== undefined; key = left.pop())
          await putObject(storage, key, OBJECT_BYTES);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, putSome));
    },
    close: async () => {
      await storage.deletePrefix('');
      await storage.client.send(new DeleteBucketCommand({ Bucket: bucket }));
      storage.close();
    },
  };
};
