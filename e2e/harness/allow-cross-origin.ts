import { PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { s3Client } from '@claimcheck/local-stack/s3-bucket';

/** Lets scripts of any page read what signed URLs lead to, as an operator does for HLS by redirects. */
export const allowCrossOrigin = async (stack: Record<string, string>): Promise<void> => {
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = stack;
  const client = s3Client({
    endpoint: S3_ENDPOINT ?? '',
    region: S3_REGION ?? '',
    bucket: S3_BUCKET ?? '',
    accessKeyId: S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: S3_SECRET_ACCESS_KEY ?? '',
  });
  const rule = { AllowedMethods: ['GET', 'HEAD'], AllowedOrigins: ['*'], AllowedHeaders: ['*'] };
  try {
    await client.send(
      new PutBucketCorsCommand({
        Bucket: S3_BUCKET,
        CORSConfiguration: { CORSRules: [rule] },
        // This command demands one.
        ChecksumAlgorithm: 'SHA256',
      }),
    );
  } finally {
    client.destroy();
  }
};
