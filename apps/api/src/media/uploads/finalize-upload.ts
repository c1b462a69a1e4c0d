import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import { FAILURES } from '@claimcheck/contracts/errors';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { assertTransition, mediaUpdated } from '../lifecycle/write-media.ts';
import type { MediaRow } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import { sourceUrlOf, toMedia } from '../record/media-view.ts';
import { type OutboxMessage, toOutboxRows } from '../record/outbox.ts';

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

type Columns = Omit<MediaRow, 'derivatives'>;

const readUploading = async (on: Executor, mediaObjectId: string): Promise<MediaRow | undefined> => {
  const [columns] = await on.query<Columns>(Prisma.sql`
    SELECT * FROM media_object
    WHERE media_object_id = ${mediaObjectId}::uuid AND upload_state = 'uploading' AND state = 'uploading'`);
  return columns === undefined ? undefined : { ...columns, derivatives: [] };
};

interface Finalized {
  row: MediaRow;
  messages: OutboxMessage[];
}

/** Nothing is to be processed of an empty file: it settles at once. */
const settleEmpty = (settings: MediaSettings, { row, messages }: Finalized): Finalized => {
  assertTransition(row.state, 'failed');
  const failed: MediaRow = {
    ...row,
    rev: row.rev + 1,
    state: 'failed',
    failure_code: 'empty_file',
    failure_message: FAILURES.empty_file,
    ready_by: null,
  };
  return { row: failed, messages: [...messages, mediaUpdated(settings, failed)] };
};

const plan = (settings: MediaSettings, current: MediaRow, sizeBytes: number): Finalized => {
  assertTransition(current.state, 'processing');
  const row: MediaRow = {
    ...current,
    rev: current.rev + 1,
    state: 'processing',
    upload_state: 'uploaded',
    size_bytes: BigInt(sizeBytes),
    epoch: 1,
    scan_state: settings.scanPolicy === 'off' ? 'skipped' : 'pending',
    original_url: sourceUrlOf(settings.publicUrl, current.media_object_id),
    ready_by: new Date(Date.now() + settings.readyDeadlineMs),
  };
  const uploaded = {
    subject: settings.subjects.mediaUploaded,
    payload: { media: toMedia(row, settings.publicUrl) },
  };
  const messages = [mediaUpdated(settings, row), uploaded];
  if (sizeBytes === 0) return settleEmpty(settings, { row, messages });
  const request = { subject: settings.subjects.optimizeRequest, payload: toRequest(row, settings) };
  return { row, messages: [...messages, request] };
};

/**
 * One statement, all or nothing, and nothing when the row is not at the revision before any more. Also a
 * length that nobody declared counts from here on; what is stored is not refused any more. Whose bytes are
 * not there yet nothing refers to, so there is no conversation to tell.
 */
const write = async (on: Executor, { row, messages }: Finalized, revBefore: number): Promise<boolean> => {
  const written = await on.query(Prisma.sql`
    WITH media AS (
      UPDATE media_object SET rev = ${row.rev}, state = ${row.state}::media_state, upload_state = 'uploaded',
        size_bytes = ${row.size_bytes}::bigint, epoch = ${row.epoch}, scan_state = ${row.scan_state}::scan_state,
        original_url = ${row.original_url}, ready_by = ${row.ready_by}::timestamptz,
        failure_code = ${row.failure_code}, failure_message = ${row.failure_message}, updated_at = now()
      WHERE media_object_id = ${row.media_object_id}::uuid AND rev = ${revBefore} AND upload_state = 'uploading'
      RETURNING media_object_id),
    before AS (
      SELECT upload_id, owner_user_id, charged_bytes, is_counted_open
      FROM upload_session JOIN media ON upload_id = media.media_object_id FOR UPDATE OF upload_session),
    session AS (
      UPDATE upload_session SET phase = 'complete', length = ${row.size_bytes}::bigint,
        "offset" = ${row.size_bytes}::bigint, lease_owner = NULL, updated_at = now(),
        charged_bytes = ${row.size_bytes}::bigint, is_counted_open = false
      FROM before WHERE upload_session.upload_id = before.upload_id
      RETURNING before.owner_user_id, ${row.size_bytes}::bigint - before.charged_bytes AS bytes,
        before.is_counted_open::int AS closed),
    parts AS (DELETE FROM upload_part USING media WHERE upload_id = media.media_object_id),
    told AS (
      INSERT INTO outbox (id, subject, payload, headers)
      SELECT new.id, new.subject, new.payload, new.headers
      FROM media, jsonb_to_recordset(${JSON.stringify(toOutboxRows(on, messages))}::jsonb)
        AS new (id uuid, subject text, payload jsonb, headers jsonb)),
    charged AS (
      INSERT INTO user_usage AS kept (owner_user_id, bytes, open_uploads)
      SELECT owner_user_id, bytes, -closed FROM session
      ON CONFLICT (owner_user_id) DO UPDATE
        SET bytes = kept.bytes + excluded.bytes, open_uploads = kept.open_uploads + excluded.open_uploads)
    SELECT media_object_id FROM media`);
  return written.length === 1;
};

/**
 * The bytes are in the storage: from here on a settled state always follows. Repeatable; the second call
 * changes nothing. The caller has made sure that the object is there with `sizeBytes` bytes.
 *
 * @returns whether this call did it
 */
export const finalizeUpload = async (
  on: Executor,
  settings: MediaSettings,
  mediaObjectId: string,
  sizeBytes: number,
): Promise<boolean> => {
  for (;;) {
    const current = await readUploading(on, mediaObjectId);
    if (current === undefined) return false;
    const next = plan(settings, current, sizeBytes);
    if (!(await write(on, next, current.rev))) continue;
    on.facts.push({ fact: 'outbox' });
    on.facts.push({ fact: 'media_changed', media_object_id: mediaObjectId, rev: next.row.rev });
    return true;
  }
};
