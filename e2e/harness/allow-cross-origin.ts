import { type CORSRule, DeleteBucketCorsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { s3Client } from '@claimcheck/local-stack/s3-bucket';

/** Rules for HLS by redirects: any page may read. */
const READING: CORSRule = { AllowedMethods: ['GET', 'HEAD'], AllowedOrigins: ['*'], AllowedHeaders: ['*'] };

/** Rules for direct uploads from pages of an origin, as docs/sdk-plain-page.md tells operators to set. */
export const uploadsFrom = (origin: string): CORSRule => ({
  AllowedOrigins: [origin],
  AllowedMethods: ['PUT'],
  AllowedHeaders: ['content-type', 'content-md5', 'if-none-match'],
});

const inBucket = async (
  stack: Record<string, string>,
  action: (client: ReturnType<typeof s3Client>, bucket: string) => Promise<unknown>,
): Promise<void> => {
  const { S3_BUCKET = '' } = stack;
  const client = s3Client({
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    bucket: S3_BUCKET,
    accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
  });
  try {
    await action(client, S3_BUCKET);
  } finally {
    client.destroy();
  }
};

/** Replaces the bucket's CORS rules by one, as an operator does. */
export const allowCrossOrigin = (stack: Record<string, string>, rule: CORSRule = READING): Promise<void> =>
  inBucket(stack, (client, Bucket) =>
    client.send(
      new PutBucketCorsCommand({
        Bucket,
        CORSConfiguration: { CORSRules: [rule] },
        // This command requires one.
        ChecksumAlgorithm: 'SHA256',
      }),
    ),
  );

/** Removes all CORS rules from the bucket: scripts of pages cannot read it. */
export const forbidCrossOrigin = (stack: Record<string, string>): Promise<void> =>
  inBucket(stack, (client, Bucket) => client.send(new DeleteBucketCorsCommand({ Bucket })));
