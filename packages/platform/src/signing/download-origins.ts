import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { StorageOptions } from '../s3/s3-client.ts';
import type { CdnSettings } from './signing-variables.ts';

/**
 * Returns the origin to which the client sends requests for a bucket. Whether the bucket is part of the path or of the
 * host's name is the client's decision, so it builds a request, which ends before it is signed: a platform's keys may not
 * be there yet.
 */
const originOf = async (client: S3Client, Bucket: string): Promise<string> => {
  let origin = '';
  const command = new GetObjectCommand({ Bucket, Key: 'any' });
  command.middlewareStack.add(
    () =>
      async ({ request }) => {
        const { protocol, hostname, port } = request as { protocol: string; hostname: string; port?: number };
        origin = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`).origin;
        return { response: undefined, output: { $metadata: {} } };
      },
    { step: 'build', priority: 'low' },
  );
  await client.send(command);
  return origin;
};

/** Returns the origins of all URLs that `createDownloadSigner` signs with the same settings, each once. */
export const downloadOrigins = async (
  client: S3Client,
  { bucket, readableBuckets = [] }: Pick<StorageOptions, 'bucket' | 'readableBuckets'>,
  cdn: CdnSettings | undefined,
): Promise<string[]> => {
  const edges = cdn === undefined ? [] : [new URL(cdn.url).origin];
  const buckets = cdn === undefined ? [bucket, ...readableBuckets] : readableBuckets;
  const stored = await Promise.all(buckets.map((one) => originOf(client, one)));
  return [...new Set([...edges, ...stored])];
};
