import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import type { DomainConfig } from './domain-config.ts';
import type { MediaRow } from './media-row.ts';
import { sourceUrlOf } from './media-view.ts';

/** Returns the request for a worker; the same for both lanes. */
export const toRequest = (row: MediaRow, settings: DomainConfig): OptimizeRequest => ({
  s3Key: row.object_storage_key,
  s3Bucket: row.s3_bucket,
  mediaId: row.media_object_id,
  mediaUrl: sourceUrlOf(settings.publicUrl, row.media_object_id),
  contentType: row.content_type,
  sizeBytes: Number(row.size_bytes),
  epoch: row.epoch,
  joined: true,
  ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
});
