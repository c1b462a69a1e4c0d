import type { ConversationEvent, ConversationEventType } from '@claimcheck/contracts/socket-events';
import { sql } from '@prisma/client-runtime-utils';
import type { Executor } from './database.ts';

// Reads of Postgres that gateways share. SELECTs only: their role may do nothing else. Nothing here imports Prisma's
// client, which would take 30 MiB of each gateway.

/** Runs one statement; the shared pool prepares each once. */
type Reading = Pick<Executor, 'query'>;

export interface LogPage {
  events: ConversationEvent[];
  last_seq: number;
  /** Events up to here are pruned; a client that has seen less must start again. */
  pruned_seq: number;
}

export const isMember = async (on: Reading, conversationId: string, userId: string): Promise<boolean> => {
  const rows = await on.query(sql`
    SELECT 1 FROM conversation_member WHERE conversation_id = ${conversationId} AND user_id = ${userId}`);
  return rows.length > 0;
};

/** Returns ids of all conversations that a user is a member of. */
export const conversationIdsOf = async (on: Reading, userId: string): Promise<string[]> => {
  const rows = await on.query<{ conversation_id: string }>(sql`
    SELECT conversation_id FROM conversation_member WHERE user_id = ${userId}`);
  return rows.map(({ conversation_id }) => conversation_id);
};

type LastSeq = { conversation_id: string; last_seq: bigint };

const toMap = (rows: readonly LastSeq[]): Map<string, number> =>
  new Map(rows.map(({ conversation_id, last_seq }) => [conversation_id, Number(last_seq)]));

/** Returns last_seq by conversation_id, in one query; missing conversations are absent from the map. */
export const lastSeqs = async (
  on: Reading,
  conversationIds: readonly string[],
): Promise<Map<string, number>> =>
  toMap(
    await on.query<LastSeq>(sql`
      SELECT conversation_id, last_seq FROM conversation
      WHERE conversation_id = ANY(${[...conversationIds]}::text[])`),
  );

/**
 * Returns the seq of the latest event by conversation_id, for conversations with a recent event. "Recent" is longer than
 * any transaction, so that one that commits slowly is included. The cost depends on recent events, not on all conversations.
 */
export const recentSeqs = async (on: Reading): Promise<Map<string, number>> =>
  toMap(
    await on.query<LastSeq>(sql`
      SELECT conversation_id, max(seq) AS last_seq FROM conversation_event
      WHERE created_at > now() - interval '15 s' GROUP BY conversation_id`),
  );

interface LogRow {
  last_seq: bigint;
  pruned_seq: bigint;
  /** Null where the page is empty. */
  seq: bigint | null;
  type: ConversationEventType;
  payload: object;
}

/** Returns events with `seq > sinceSeq` in order, at most `limit`; undefined when the conversation does not exist. */
export const readLog = async (
  on: Reading,
  conversationId: string,
  sinceSeq: number,
  limit: number,
): Promise<LogPage | undefined> => {
  // One statement reads one snapshot: no event is past the page and before last_seq.
  const rows = await on.query<LogRow>(sql`
    SELECT last_seq, pruned_seq, event.seq, event.type, event.payload
    FROM conversation LEFT JOIN LATERAL (
      SELECT seq, type::text AS type, payload FROM conversation_event
      WHERE conversation_event.conversation_id = conversation.conversation_id AND seq > ${sinceSeq}::bigint
      ORDER BY seq LIMIT ${limit}::int) AS event ON true
    WHERE conversation.conversation_id = ${conversationId} ORDER BY event.seq`);
  const [first] = rows;
  if (first === undefined) return undefined;
  const events = rows.flatMap(({ seq, type, payload }) =>
    seq === null ? [] : [{ conversation_id: conversationId, seq: Number(seq), type, ...payload }],
  ) as ConversationEvent[];
  return { events, last_seq: Number(first.last_seq), pruned_seq: Number(first.pruned_seq) };
};
