import { FAILURES } from '@claimcheck/contracts/errors';
import { type Executor, type OutboxRow, Prisma } from '@claimcheck/database/database';
import { chainPlans, type MediaPlan, planChange } from '../lifecycle/plan-change.ts';
import { chargeUsage } from '../quota/charge-usage.ts';
import type { Usage } from '../quota/user-usage.ts';
import { assignments } from '../record/assignments.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import type { MediaColumns, MediaRow } from '../record/media-row.ts';
import { sourceUrlOf } from '../record/media-view.ts';
import { announceOutbox, insertOutbox, toOutboxRows } from '../record/outbox.ts';
import type { UploadSession } from './upload-session.ts';

const readUploading = async (on: Executor, mediaObjectId: string): Promise<MediaRow | undefined> => {
  const [columns] = await on.query<MediaColumns>(Prisma.sql`
    SELECT * FROM media_object
    WHERE media_object_id = ${mediaObjectId}::uuid AND upload_state = 'uploading' AND state = 'uploading'`);
  return columns === undefined ? undefined : { ...columns, derivatives: [] };
};

/** Returns the plan of an upload that finishes with this many bytes. */
export const planFinish = (settings: DomainConfig, current: MediaRow, sizeBytes: number): MediaPlan => {
  const now = new Date();
  const finished = planChange(
    settings,
    current,
    {
      state: 'processing',
      upload_state: 'uploaded',
      size_bytes: BigInt(sizeBytes),
      epoch: 1,
      scan_state: settings.scanPolicy === 'off' ? 'skipped' : 'pending',
      original_url: sourceUrlOf(settings.publicUrl, current.media_object_id),
      ready_by: new Date(now.getTime() + settings.readyDeadlineMs),
    },
    now,
  );
  if (sizeBytes > 0) return finished;
  // An empty file needs no processing: it settles at once.
  const failure = { failure_code: 'empty_file', failure_message: FAILURES.empty_file };
  const failed = planChange(settings, finished.row, { state: 'failed', ...failure, ready_by: null }, now);
  return chainPlans(finished, failed);
};

/**
 * Executes the plan of a finished upload in one statement: all or nothing, and nothing if the row has a newer revision. It
 * charges a length that the client never declared; a stored file is not refused. No conversation can refer to a media
 * object before this, so it notifies none.
 */
const executeFinish = async (
  on: Executor,
  plan: MediaPlan,
  usage: Usage,
  messages: readonly OutboxRow[],
): Promise<Pick<UploadSession, 'protocol'> | undefined> => {
  const added = {
    owner: Prisma.sql`owner_user_id`,
    bytes: Prisma.sql`bytes`,
    open: Prisma.sql`open`,
  };
  const [finished] = await on.query<Pick<UploadSession, 'protocol'>>(Prisma.sql`
    WITH media AS (
      UPDATE media_object SET ${assignments(plan.columns)}
      WHERE media_object_id = ${plan.media_object_id}::uuid AND rev = ${plan.rev_before}
        AND upload_state = 'uploading'
      RETURNING media_object_id),
    before AS (
      SELECT upload_id, owner_user_id, protocol, charged_bytes, is_counted_open
      FROM upload_session JOIN media ON upload_id = media.media_object_id FOR UPDATE OF upload_session),
    session AS (
      UPDATE upload_session SET phase = 'complete', length = ${plan.row.size_bytes}::bigint,
        "offset" = ${plan.row.size_bytes}::bigint, lease_owner = NULL, updated_at = now(),
        charged_bytes = ${usage.bytes}::bigint, is_counted_open = ${usage.is_open}::boolean
      FROM before WHERE upload_session.upload_id = before.upload_id
      RETURNING before.owner_user_id, ${usage.bytes}::bigint - before.charged_bytes AS bytes,
        ${usage.is_open}::boolean::int - before.is_counted_open::int AS open),
    parts AS (DELETE FROM upload_part USING media WHERE upload_id = media.media_object_id),
    messages AS (${insertOutbox(on, messages, Prisma.sql`media`)}),
    charged AS (SELECT ${chargeUsage(added)} FROM session)
    SELECT protocol FROM before, charged`);
  return finished;
};

/**
 * Records that the bytes are in the storage: from here on a settled state always follows. Repeatable; the second call
 * changes nothing. The caller has verified that the object exists with `sizeBytes` bytes.
 *
 * @returns whether this call recorded it
 */
export const finalizeUpload = async (
  on: Executor,
  settings: DomainConfig,
  mediaObjectId: string,
  sizeBytes: number,
): Promise<boolean> => {
  const current = await readUploading(on, mediaObjectId);
  return current !== undefined && finalizeFrom(on, settings, current, sizeBytes);
};

/**
 * Does the same for a media object that the caller has read, or created.
 *
 * @param known if it has changed since, it is read again
 */
export const finalizeFrom = async (
  on: Executor,
  settings: DomainConfig,
  known: MediaRow,
  sizeBytes: number,
): Promise<boolean> => {
  for (let current: MediaRow | undefined = known; current !== undefined; ) {
    const plan = planFinish(settings, current, sizeBytes);
    const { usage } = plan;
    if (usage === undefined) throw new Error('a finished upload counts for its bytes');
    const messages = toOutboxRows(on, plan.messages);
    const finished = await executeFinish(on, plan, usage, messages);
    if (finished === undefined) {
      current = await readUploading(on, known.media_object_id);
      continue;
    }
    const { protocol } = finished;
    announceOutbox(on, messages);
    on.facts.push(...plan.facts);
    on.facts.push({ fact: 'upload_finished', protocol, size_bytes: sizeBytes });
    return true;
  }
  return false;
};
