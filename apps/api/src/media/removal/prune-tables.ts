import type { Database } from '@claimcheck/database/database';

type Client = Pick<Database, 'client'>;

// Rows are deleted by their place, which a lock keeps: by their keys Postgres may join them with the whole table.

/** Outbox messages published before `cutoff`. @returns how many went, at most `limit` */
export const pruneOutbox = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM outbox WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM outbox WHERE published_at IS NOT NULL AND published_at < ${cutoff}::timestamptz
      ORDER BY published_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;

/**
 * Events older than `cutoff`. The same statement records it for subscribers that are further behind, in
 * `pruned_seq`. A conversation that is being written is left for the next run.
 */
export const pruneEvents = async ({ client }: Client, cutoff: Date, limit: number): Promise<number> => {
  const [result] = await client.$queryRaw<{ pruned: number }[]>`
    WITH old AS (
      SELECT conversation_id, seq FROM conversation_event WHERE created_at < ${cutoff}::timestamptz
      ORDER BY created_at LIMIT ${limit}),
    locked AS (
      SELECT conversation_id FROM conversation
      WHERE conversation_id = ANY(ARRAY(SELECT DISTINCT conversation_id FROM old))
      ORDER BY conversation_id FOR NO KEY UPDATE SKIP LOCKED),
    gone AS (
      DELETE FROM conversation_event USING old JOIN locked USING (conversation_id)
      WHERE conversation_event.conversation_id = old.conversation_id AND conversation_event.seq = old.seq
      RETURNING conversation_event.conversation_id, conversation_event.seq),
    told AS (
      UPDATE conversation SET pruned_seq = greatest(pruned_seq, last.seq)
      FROM (SELECT conversation_id, max(seq) AS seq FROM gone GROUP BY conversation_id) AS last
      WHERE conversation.conversation_id = last.conversation_id)
    SELECT count(*)::int AS pruned FROM gone`;
  return result?.pruned ?? 0;
};

export const pruneIdempotencyKeys = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM idempotency_key WHERE created_at < ${cutoff}::timestamptz
      ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;

/** Sessions that ended before `cutoff`. */
export const pruneMediaSessions = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM media_session WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM media_session WHERE expires_at < ${cutoff}::timestamptz
      ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;

/** A process without a fresh heartbeat holds nothing, so its row says nothing any more. */
export const pruneHeartbeats = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM process_heartbeat WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM process_heartbeat WHERE beat_at < ${cutoff}::timestamptz
      LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;

/** Results applied before `cutoff`: the broker delivers none of them again. */
export const pruneAppliedResults = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM applied_result WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM applied_result WHERE applied_at < ${cutoff}::timestamptz
      ORDER BY applied_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;

/** Pieces of concatenations that ended before `cutoff`. The session of a media object goes with that one. */
export const prunePartialUploads = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM upload_session WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM upload_session
      WHERE media_object_id IS NULL AND phase IN ('aborted', 'expired') AND updated_at < ${cutoff}::timestamptz
        AND charged_bytes = 0 AND NOT is_counted_open
      ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;

/** Keys of messages that were deleted before `cutoff`: a repetition of such an old message is a new one. */
export const pruneMessageTombstones = ({ client }: Client, cutoff: Date, limit: number): Promise<number> =>
  client.$executeRaw`
    DELETE FROM message_tombstone WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM message_tombstone
      WHERE deleted_at < ${cutoff}::timestamptz ORDER BY deleted_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
