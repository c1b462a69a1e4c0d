import { type CORSRule, DeleteBucketCorsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { s3Client } from '@claimcheck/local-stack/s3-bucket';

/** What HLS by redirects needs: any page may read. */
const READING: CORSRule = { AllowedMethods: ['GET', 'HEAD'], AllowedOrigins: ['*'], AllowedHeaders: ['*'] };

/** What uploads past us from pages of an origin need, as docs/sdk-plain-page.md tells operators to set. */
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

/** Gives the bucket one CORS rule in the place of those it has, as an operator does. */
export const allowCrossOrigin = (stack: Record<string, string>, rule: CORSRule = READING): Promise<void> =>
  inBucket(stack, (client, Bucket) =>
    client.send(
      new PutBucketCorsCommand({
        Bucket,
        CORSConfiguration: { CORSRules: [rule] },
        // This command demands one.
        ChecksumAlgorithm: 'SHA256',
      }),
    ),
  );

/** Takes all CORS rules from the bucket: scripts of pages get nothing from it. */
export const forbidCrossOrigin = (stack: Record<string, string>): Promise<void> =>
  inBucket(stack, (client, Bucket) => client.send(new DeleteBucketCorsCommand({ Bucket })));
