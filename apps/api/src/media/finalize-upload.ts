import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import { FAILURES } from '@claimcheck/contracts/errors';
import type { Transaction } from '@claimcheck/database/database';
import { lockMedia, type MediaRow } from './media-row.ts';
import type { MediaSettings } from './media-settings.ts';
import { sourceUrlOf, toMedia } from './media-view.ts';
import { enqueue } from './outbox.ts';
import { setUsage } from './user-usage.ts';
import { writeMedia } from './write-media.ts';

/** What a worker is told; the same for both lanes. */
export const toRequest = (row: MediaRow, settings: MediaSettings): OptimizeRequest => ({
  s3Key: row.object_storage_key,
  s3Bucket: row.s3_bucket,
  mediaId: row.media_object_id,
  mediaUrl: sourceUrlOf(settings.publicUrl, row.media_object_id),
  contentType: row.content_type,
  sizeBytes: Number(row.size_bytes),
  epoch: row.epoch,
  ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
});

/**
 * The bytes are in the storage: from here on a settled state always follows. Repeatable; the second call
 * changes nothing. The caller has made sure that the object is there with `sizeBytes` bytes.
 *
 * @returns whether this call did it
 */
export const finalizeUpload = async (
  tx: Transaction,
  settings: MediaSettings,
  mediaObjectId: string,
  sizeBytes: number,
): Promise<boolean> => {
  const current = await lockMedia(tx, mediaObjectId);
  if (current === undefined || current.upload_state !== 'uploading') return false;
  await tx.db.upload_session.update({
    where: { upload_id: mediaObjectId },
    data: {
      phase: 'complete',
      length: sizeBytes,
      offset: sizeBytes,
      lease_owner: null,
      updated_at: new Date(),
    },
  });
  await tx.db.upload_part.deleteMany({ where: { upload_id: mediaObjectId } });
  const row = await writeMedia(tx, settings, current, {
    state: 'processing',
    upload_state: 'uploaded',
    size_bytes: sizeBytes,
    epoch: 1,
    scan_state: settings.scanPolicy === 'off' ? 'skipped' : 'pending',
    original_url: sourceUrlOf(settings.publicUrl, mediaObjectId),
    ready_by: new Date(Date.now() + settings.readyDeadlineMs),
  });
  const uploaded = {
    subject: settings.subjects.mediaUploaded,
    payload: { media: toMedia(row, settings.publicUrl) },
  };
  if (sizeBytes > 0) {
    await enqueue(tx, uploaded, {
      subject: settings.subjects.optimizeRequest,
      payload: toRequest(row, settings),
    });
  } else {
    await enqueue(tx, uploaded);
    await writeMedia(tx, settings, row, {
      state: 'failed',
      failure_code: 'empty_file',
      failure_message: FAILURES.empty_file,
      ready_by: null,
    });
  }
  // Also a length that nobody declared counts from here on; what is stored is not refused any more. Last:
  // all uploads of one user wait for each other here.
  await setUsage(tx, [mediaObjectId], { bytes: sizeBytes, is_open: false });
  return true;
};
