import { z } from 'zod';
import { flag, httpUrl } from '../process/config.ts';
import type { StorageOptions } from './s3-client.ts';

export const storageVariables = {
  S3_ENDPOINT: httpUrl,
  S3_PUBLIC_ENDPOINT: httpUrl.optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3).max(63),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(1),
  S3_FORCE_PATH_STYLE: flag.default(true),
};

type StorageVariables = z.output<z.ZodObject<typeof storageVariables>>;

/** What {@link storageVariables} say, for `Storage`. */
export const toStorageOptions = (read: StorageVariables): StorageOptions => ({
  endpoint: read.S3_ENDPOINT,
  publicEndpoint: read.S3_PUBLIC_ENDPOINT,
  region: read.S3_REGION,
  bucket: read.S3_BUCKET,
  accessKeyId: read.S3_ACCESS_KEY_ID,
  secretAccessKey: read.S3_SECRET_ACCESS_KEY,
  forcePathStyle: read.S3_FORCE_PATH_STYLE,
});
