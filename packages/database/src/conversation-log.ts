import type { ConversationEvent, ConversationEventType } from '@claimcheck/contracts/socket-events';
import { type Executor, Prisma } from './database.ts';

// The part of Postgres that gateways read too. Only SELECTs: their role may nothing else.

/** Runs one statement; the shared pool prepares each once. */
type Reading = Pick<Executor, 'query'>;

export interface LogPage {
  events: ConversationEvent[];
  last_seq: number;
  /** Events up to here are gone; a client that has seen less must start again. */
  pruned_seq: number;
}

export const isMember = async (on: Reading, conversationId: string, userId: string): Promise<boolean> => {
  const rows = await on.query(Prisma.sql`
    SELECT 1 FROM conversation_member WHERE conversation_id = ${conversationId} AND user_id = ${userId}`);
  return rows.length > 0;
};

/** Ids of all conversations that a user is a member of. */
export const conversationIdsOf = async (on: Reading, userId: string): Promise<string[]> => {
  const rows = await on.query<{ conversation_id: string }>(Prisma.sql`
    SELECT conversation_id FROM conversation_member WHERE user_id = ${userId}`);
  return rows.map(({ conversation_id }) => conversation_id);
};

type LastSeq = { conversation_id: string; last_seq: bigint };

const toMap = (rows: readonly LastSeq[]): Map<string, number> =>
  new Map(rows.map(({ conversation_id, last_seq }) => [conversation_id, Number(last_seq)]));

/** conversation_id → last_seq, in one query; conversations that do not exist are missing from the map. */
export const lastSeqs = async (
  on: Reading,
  conversationIds: readonly string[],
): Promise<Map<string, number>> =>
  toMap(
    await on.query<LastSeq>(Prisma.sql`
      SELECT conversation_id, last_seq FROM conversation
      WHERE conversation_id = ANY(${[...conversationIds]}::text[])`),
  );

/**
 * conversation_id → seq of its latest event, of conversations that had one lately: longer than any transaction
 * takes, so that one that was slow to commit is still among them. It costs what happened, not what is served.
 */
export const recentSeqs = async (on: Reading): Promise<Map<string, number>> =>
  toMap(
    await on.query<LastSeq>(Prisma.sql`
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

/** Events with `seq > sinceSeq` in order, at most `limit`; undefined when there is no such conversation. */
export const readLog = async (
  on: Reading,
  conversationId: string,
  sinceSeq: number,
  limit: number,
): Promise<LogPage | undefined> => {
  // One statement sees one moment: no event is past the page and before last_seq.
  const rows = await on.query<LogRow>(Prisma.sql`
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
