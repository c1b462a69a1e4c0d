import { type Database, Prisma } from '@claimcheck/database/database';

type Client = Pick<Database, 'query' | 'execute'>;

type Prune = (database: Client, cutoff: Date, limit: number) => Promise<number>;

/**
 * Returns a function that deletes the rows of `table` whose `time` is before a cutoff, oldest first. Rows that another
 * transaction has locked stay for the next run.
 *
 * @param only the condition that a row must meet besides
 */
const pruneBefore =
  (table: string, time: string, only = 'true'): Prune =>
  (database, cutoff, limit) => {
    const from = Prisma.raw(table);
    const column = Prisma.raw(time);
    // Rows are deleted by their place, which a lock keeps: by their keys Postgres may join them with the whole table.
    return database.execute(Prisma.sql`
      DELETE FROM ${from} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM ${from} WHERE ${Prisma.raw(only)} AND ${column} < ${cutoff}::timestamptz
        ORDER BY ${column} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`);
  };

/** Outbox messages published before `cutoff`. @returns how many went, at most `limit` */
export const pruneOutbox = pruneBefore('outbox', 'published_at', 'published_at IS NOT NULL');

/**
 * Events older than `cutoff`. The same statement records it for subscribers that are further behind, in
 * `pruned_seq`. A conversation that is being written is left for the next run.
 */
export const pruneEvents = async (database: Client, cutoff: Date, limit: number): Promise<number> => {
  const [result] = await database.query<{ pruned: number }>(Prisma.sql`
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
    SELECT count(*)::int AS pruned FROM gone`);
  return result?.pruned ?? 0;
};

export const pruneIdempotencyKeys = pruneBefore('idempotency_key', 'created_at');

/** Sessions that ended before `cutoff`. */
export const pruneMediaSessions = pruneBefore('media_session', 'expires_at');

/** A process without a fresh heartbeat holds nothing, so its row says nothing any more. */
export const pruneHeartbeats = pruneBefore('process_heartbeat', 'beat_at');

/** Results applied before `cutoff`: the broker delivers none of them again. */
export const pruneAppliedResults = pruneBefore('applied_result', 'applied_at');

/** Pieces of concatenations that ended before `cutoff`. The session of a media object goes with that one. */
export const prunePartialUploads = pruneBefore(
  'upload_session',
  'updated_at',
  "media_object_id IS NULL AND phase IN ('aborted', 'expired') AND charged_bytes = 0 AND NOT is_counted_open",
);

/** Keys of messages that were deleted before `cutoff`: a repetition of such an old message is a new one. */
export const pruneMessageTombstones = pruneBefore('message_tombstone', 'deleted_at');
