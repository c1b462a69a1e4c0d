import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createS3Client, type StorageOptions } from '../s3/s3-client.ts';
import type { CdnSettings } from './signing-variables.ts';

/** The origin of a URL does not depend on the keys that sign it, and a platform's keys may not be there yet. */
const ANY_KEYS = { accessKeyId: 'any', secretAccessKey: 'any' };

/** Whether a bucket is part of the path or of the host's name is the S3 client's decision, so this signs a URL. */
const originsOf = async (options: StorageOptions, buckets: readonly string[]): Promise<string[]> => {
  const { endpoint, publicEndpoint = endpoint } = options;
  const client = createS3Client({ ...options, keys: () => ANY_KEYS }, publicEndpoint);
  try {
    const sign = (Bucket: string) => getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'any' }));
    return (await Promise.all(buckets.map(sign))).map((url) => new URL(url).origin);
  } finally {
    client.destroy();
  }
};

/** Returns the origins of all URLs that `createDownloadSigner` signs with the same settings, each once. */
export const downloadOrigins = async (
  options: StorageOptions,
  cdn: CdnSettings | undefined,
): Promise<string[]> => {
  const { bucket, readableBuckets = [] } = options;
  const edges = cdn === undefined ? [] : [new URL(cdn.url).origin];
  const stored = await originsOf(options, cdn === undefined ? [bucket, ...readableBuckets] : readableBuckets);
  return [...new Set([...edges, ...stored])];
};
