import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { ensureBucket, type S3Access, s3Client } from '@claimcheck/local-stack/s3-bucket';

type Account = Omit<S3Access, 'bucket'>;

/** The S3 server behind the servers under test; each of them has a separate bucket on it. */
export interface StorageTarget {
  account: Account;
  createBucket(name: string): Promise<void>;
  /** Returns the number of S3 requests answered so far. */
  countRequests(): Promise<number>;
  /** Returns the SHA-256 of the object of that size below a prefix; undefined if the server keeps no bytes. */
  sha256Of(bucket: string, prefix: string, sizeBytes: number): Promise<string | undefined>;
  /** Deletes every object, so that one measurement's disk use does not affect the next. */
  empty(bucket: string): Promise<void>;
  close(): Promise<void>;
}

const countMinioRequests = async (endpoint: string): Promise<number> => {
  const response = await fetch(`${endpoint}/minio/metrics/v3/api/requests`);
  if (!response.ok) throw new Error(`MinIO's metrics answered ${response.status}`);
  const values = (await response.text()).matchAll(
    /^minio_api_requests_total\{[^}]*type="s3"[^}]*\} (\S+)$/gm,
  );
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
};

const findSha256 = async (client: S3Client, Bucket: string, Prefix: string, size: number) => {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  const Key = Contents.find((object) => object.Size === size)?.Key;
  if (Key === undefined) throw new Error(`no object of ${size} bytes below ${Bucket}/${Prefix}`);
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const hash = createHash('sha256');
  for await (const chunk of Body as Readable) hash.update(chunk);
  return hash.digest('hex');
};

const emptyBucket = async (client: S3Client, Bucket: string): Promise<void> => {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors[0] !== undefined) throw new Error(`could not delete ${Errors[0].Key}: ${Errors[0].Code}`);
  }
};

/** Uses the MinIO of the local stack. @param stack the `env` that the stack returned */
export const minioTarget = (stack: Record<string, string>): StorageTarget => {
  const account: Account = {
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
  };
  const client = s3Client({ ...account, bucket: '' });
  return {
    account,
    createBucket: async (bucket) => {
      await ensureBucket({ ...account, bucket });
    },
    countRequests: () => countMinioRequests(account.endpoint),
    sha256Of: (bucket, prefix, sizeBytes) => findSha256(client, bucket, prefix, sizeBytes),
    empty: (bucket) => emptyBucket(client, bucket),
    close: async () => client.destroy(),
  };
};
