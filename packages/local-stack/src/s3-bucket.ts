import {
  CreateBucketCommand,
  HeadBucketCommand,
  NotFound,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SOURCE_SUFFIX } from '@claimcheck/contracts/object-keys';

export interface S3Access {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Creates a client for path-style servers that support only the required checksum headers. */
export const s3Client = (access: S3Access): S3Client => {
  return new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    credentials: { accessKeyId: access.accessKeyId, secretAccessKey: access.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  });
};

/** Creates the bucket unless it exists. @returns true; rejects while the server does not answer. */
export const ensureBucket = async (access: S3Access): Promise<true> => {
  const client = s3Client(access);
  const bucket = { Bucket: access.bucket };
  const options = { abortSignal: AbortSignal.timeout(5_000) };
  try {
    await client.send(new HeadBucketCommand(bucket), options).catch(async (error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
      await client.send(new CreateBucketCommand(bucket), options);
    });
    return true;
  } finally {
    client.destroy();
  }
};

/** Makes the bucket notify `target` of every new source. @returns true */
export const notifyOfSources = async (access: S3Access, target: string): Promise<true> => {
  const client = s3Client(access);
  const command = new PutBucketNotificationConfigurationCommand({
    Bucket: access.bucket,
    NotificationConfiguration: {
      QueueConfigurations: [
        {
          QueueArn: target,
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'suffix', Value: SOURCE_SUFFIX }] } },
        },
      ],
    },
  });
  try {
    await client.send(command, { abortSignal: AbortSignal.timeout(5_000) });
    return true;
  } finally {
    client.destroy();
  }
};
