import { z } from 'zod';

/**
 * The fields that we read of an S3 event message, as AWS, MinIO and versitygw send it. Size and ARN differ between
 * servers. A server's test message has no records.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const storageEventSchema = z.looseObject({
  Records: z
    .array(
      z.looseObject({
        s3: z.looseObject({
          bucket: z.looseObject({ name: z.string() }),
          object: z.looseObject({ key: z.string().describe('URL-encoded by some servers') }),
        }),
      }),
    )
    .optional(),
});
export type StorageEvent = z.infer<typeof storageEventSchema>;
