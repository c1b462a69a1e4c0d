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

export interface Membership {
  conversation_id: string;
  user_id: string;
}

/** Returns whether each exists, in the same order, in one statement. */
export const areMembers = async (on: Reading, asked: readonly Membership[]): Promise<boolean[]> => {
  const rows = await on.query<{ is_member: boolean }>(sql`
    SELECT EXISTS (
      SELECT 1 FROM conversation_member
      WHERE conversation_member.conversation_id = asked.conversation_id
        AND conversation_member.user_id = asked.user_id) AS is_member
    FROM unnest(
      ${asked.map(({ conversation_id }) => conversation_id)}::text[],
      ${asked.map(({ user_id }) => user_id)}::text[]
    ) WITH ORDINALITY AS asked(conversation_id, user_id, place) ORDER BY place`);
  return rows.map(({ is_member }) => is_member);
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

/** Asks for events with `seq > since_seq` in order, at most `limit`. */
export interface LogQuestion {
  conversation_id: string;
  since_seq: number;
  limit: number;
}

interface LogRow {
  /** Which question, from 1. */
  place: bigint;
  last_seq: bigint;
  pruned_seq: bigint;
  /** Null where the page is empty. */
  seq: bigint | null;
  type: ConversationEventType;
  payload: object;
}

/** Returns a page for each question, in the same order, in one statement; undefined when the conversation does not exist. */
export const readLogs = async (
  on: Reading,
  asked: readonly LogQuestion[],
): Promise<(LogPage | undefined)[]> => {
  // One statement reads one snapshot: no event is past the page and before last_seq.
  const rows = await on.query<LogRow>(sql`
    SELECT place, last_seq, pruned_seq, event.seq, event.type, event.payload
    FROM unnest(
      ${asked.map(({ conversation_id }) => conversation_id)}::text[],
      ${asked.map(({ since_seq }) => since_seq)}::bigint[],
      ${asked.map(({ limit }) => limit)}::int[]
    ) WITH ORDINALITY AS asked(conversation_id, since_seq, page, place)
    JOIN conversation ON conversation.conversation_id = asked.conversation_id
    LEFT JOIN LATERAL (
      SELECT seq, type::text AS type, payload FROM conversation_event
      WHERE conversation_event.conversation_id = asked.conversation_id AND seq > asked.since_seq
      ORDER BY seq LIMIT asked.page) AS event ON true
    ORDER BY place, event.seq`);
  const pages: (LogPage | undefined)[] = asked.map(() => undefined);
  for (const { place, last_seq, pruned_seq, seq, type, payload } of rows) {
    const index = Number(place) - 1;
    const page = pages[index] ?? { events: [], last_seq: Number(last_seq), pruned_seq: Number(pruned_seq) };
    pages[index] = page;
    const conversation_id = asked[index]?.conversation_id;
    // The api vouches for what the log contains.
    if (seq !== null)
      page.events.push({ conversation_id, seq: Number(seq), type, ...payload } as ConversationEvent);
  }
  return pages;
};

/** The page of one question. */
export const readLog = async (
  on: Reading,
  conversationId: string,
  sinceSeq: number,
  limit: number,
): Promise<LogPage | undefined> =>
  (await readLogs(on, [{ conversation_id: conversationId, since_seq: sinceSeq, limit }]))[0];
