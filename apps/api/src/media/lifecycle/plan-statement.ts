import { type Executor, type OutboxRow, Prisma } from '@claimcheck/database/database';
import { INLINE_CONVERSATIONS } from '../log/fan-out.ts';
import { chargeUsage } from '../quota/charge-usage.ts';
import type { Usage } from '../quota/user-usage.ts';
import { assignments, toJson } from '../record/assignments.ts';
import { insertOutbox } from '../record/outbox.ts';
import type { MediaPlan } from './plan-change.ts';
import type { PrefixSweep } from './prefix-sweeps.ts';
import { insertVerdict, type Verdict } from './verdicts.ts';

/** Writes that belong to the same change as the plan. */
export interface Beside {
  /** Marks a worker's result as applied. */
  applied?: { epoch: number; stages: readonly string[] } | undefined;
  verdict?: Verdict | undefined;
  /** The row's version (`xmin`) as it was read without a lock: at any other version nothing is written. */
  version?: string | undefined;
}

const deleteDerivatives = (removed: NonNullable<MediaPlan['removed']>): Prisma.Sql => Prisma.sql`
  DELETE FROM derivative USING media WHERE derivative.media_object_id = media.media_object_id
  ${removed === 'all' ? Prisma.empty : Prisma.sql`AND epoch < ${removed.before_epoch}::int`}`;

/** Each column is named: the next release may add some while this one still runs. */
const DERIVATIVE_COLUMNS = Prisma.raw(`media_object_id, epoch, quality, format, s3_bucket, object_storage_key,
  size_bytes, width, height, created_at, further_formats`);

/** Two results that are written as one may name a quality twice: the last entry counts. */
const insertDerivatives = (written: MediaPlan['written']): Prisma.Sql => {
  const last = new Map(written.map((one) => [`${one.epoch} ${one.quality}`, one]));
  return Prisma.sql`
    INSERT INTO derivative (${DERIVATIVE_COLUMNS})
    SELECT ${DERIVATIVE_COLUMNS}
    FROM jsonb_populate_recordset(NULL::derivative, ${toJson([...last.values()])}::jsonb)
    WHERE EXISTS (SELECT FROM media)
    ON CONFLICT (media_object_id, epoch, quality) DO UPDATE SET format = excluded.format,
      s3_bucket = excluded.s3_bucket, object_storage_key = excluded.object_storage_key,
      size_bytes = excluded.size_bytes, width = excluded.width, height = excluded.height,
      further_formats = excluded.further_formats`;
};

const planSweeps = (sweeps: readonly PrefixSweep[]): Prisma.Sql => Prisma.sql`
  INSERT INTO prefix_sweep (prefix, due_at)
  SELECT new.prefix, new.due_at
  FROM media, jsonb_to_recordset(${toJson(sweeps)}::jsonb) AS new (prefix text, due_at timestamptz)
  ON CONFLICT DO NOTHING`;

/** Expressions `before`, `session` and `charged`: the upload and its owner's sums. */
const chargeUpload = (usage: Usage): Prisma.Sql => {
  const added = { owner: Prisma.sql`owner_user_id`, bytes: Prisma.sql`bytes`, open: Prisma.sql`open` };
  return Prisma.sql`
    before AS (
      SELECT upload_id, owner_user_id, charged_bytes, is_counted_open
      FROM upload_session JOIN media ON upload_id = media.media_object_id FOR UPDATE OF upload_session),
    session AS (
      UPDATE upload_session SET charged_bytes = ${usage.bytes}::bigint, is_counted_open = ${usage.is_open}::boolean
      FROM before WHERE upload_session.upload_id = before.upload_id
      RETURNING before.owner_user_id, ${usage.bytes}::bigint - before.charged_bytes AS bytes,
        ${usage.is_open}::boolean::int - before.is_counted_open::int AS open),
    charged AS (SELECT ${chargeUsage(added)} FROM session)`;
};

/** Expressions up to `events`: conversations that refer to the media object come last, locked in ascending order. */
const tellConversations = (plan: MediaPlan, isCharged: boolean): Prisma.Sql => Prisma.sql`
  referring AS (
    SELECT DISTINCT conversation_id FROM media_reference JOIN media USING (media_object_id)
    ORDER BY conversation_id LIMIT ${INLINE_CONVERSATIONS + 1}::int),
  locked AS (
    SELECT conversation_id FROM conversation
    WHERE conversation_id IN (SELECT conversation_id FROM referring)
      AND (SELECT count(*) FROM referring) <= ${INLINE_CONVERSATIONS}::int
      ${isCharged ? Prisma.sql`AND (SELECT count(*) FROM charged) >= 0` : Prisma.empty}
    ORDER BY conversation_id FOR NO KEY UPDATE),
  next AS (
    UPDATE conversation SET last_seq = last_seq + 1 FROM locked
    WHERE conversation.conversation_id = locked.conversation_id
    RETURNING conversation.conversation_id, last_seq),
  many AS (
    INSERT INTO fanout (media_object_id, rev)
    SELECT media_object_id, ${plan.row.rev}::int FROM media
    WHERE (SELECT count(*) FROM referring) > ${INLINE_CONVERSATIONS}::int
    ON CONFLICT (media_object_id) DO UPDATE SET rev = excluded.rev, cursor = ''),
  events AS (
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT conversation_id, last_seq, 'media.updated', ${JSON.stringify({ media: plan.media })}::jsonb FROM next
    RETURNING conversation_id, seq)`;

/**
 * Writes everything in a plan in one statement: all or nothing, and nothing if the row is no longer the one of the plan.
 * Locks, in this order: the media object, its upload, its owner's sums, conversations.
 */
export const planStatement = (
  on: Executor,
  plan: MediaPlan,
  messages: readonly OutboxRow[],
  { applied, verdict, version }: Beside,
): Prisma.Sql => {
  const { media_object_id, rev_before, usage, removed, written, sweeps } = plan;
  const media = Prisma.sql`media`;
  const parts = [
    Prisma.sql`media AS (
      UPDATE media_object SET ${assignments(plan.columns)}
      WHERE media_object_id = ${media_object_id}::uuid AND rev = ${rev_before}::int
        ${version === undefined ? Prisma.empty : Prisma.sql`AND xmin = ${version}::xid`}
      RETURNING media_object_id)`,
  ];
  if (removed !== undefined) parts.push(Prisma.sql`removed AS (${deleteDerivatives(removed)})`);
  if (written.length > 0) parts.push(Prisma.sql`written AS (${insertDerivatives(written)})`);
  if (applied !== undefined)
    parts.push(Prisma.sql`applied AS (
      INSERT INTO applied_result (media_object_id, epoch, stage)
      SELECT media_object_id, ${applied.epoch}::int, stage FROM media, unnest(${[...applied.stages]}::text[]) AS stage)`);
  if (verdict !== undefined) parts.push(Prisma.sql`judged AS (${insertVerdict(verdict, media)})`);
  if (sweeps.length > 0) parts.push(Prisma.sql`swept AS (${planSweeps(sweeps)})`);
  if (messages.length > 0) parts.push(Prisma.sql`sent AS (${insertOutbox(on, messages, media)})`);
  if (usage !== undefined) parts.push(chargeUpload(usage));
  parts.push(tellConversations(plan, usage !== undefined));
  return Prisma.sql`
    WITH ${Prisma.join(parts)}
    SELECT media_object_id, (
      SELECT coalesce(jsonb_agg(jsonb_build_object('conversation_id', conversation_id, 'seq', seq)
        ORDER BY conversation_id), '[]')
      FROM events) AS told
    FROM media`;
};
