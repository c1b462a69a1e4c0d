import type { Conversation } from '@claimcheck/contracts/rest';
import { type Database, Prisma } from '@claimcheck/database/database';
import { z } from 'zod';
import type { DomainConfig } from '../record/domain-config.ts';
import { readCursor, toPage } from '../record/page-cursor.ts';
import { readConversations } from './conversations.ts';
import { readMessages, toMessage } from './message-view.ts';

interface ListQuery {
  before?: string | undefined;
  limit: number;
}

interface ActiveRow {
  conversation_id: string;
  message_id: string | null;
  active_at: Date;
}

const place = z.tuple([z.iso.datetime(), z.string().max(64)]);

/**
 * Returns a user's conversations, the latest message first; one more than a page. Each conversation costs two index
 * lookups. A column that every message updates for all members would cost more.
 */
export const conversationsSql = (userId: string, { before, limit }: ListQuery): Prisma.Sql => {
  const from = readCursor(place, before);
  return Prisma.sql`
    SELECT conversation_id, message_id, active_at FROM (
      SELECT conversation_id, message_id, coalesce(latest.created_at, conversation.created_at) AS active_at
      FROM conversation_member JOIN conversation USING (conversation_id) LEFT JOIN LATERAL (
        SELECT message_id, created_at FROM message
        WHERE message.conversation_id = conversation.conversation_id ORDER BY seq DESC LIMIT 1
      ) AS latest ON true
      WHERE user_id = ${userId}) AS active
    ${
      from === undefined
        ? Prisma.empty
        : Prisma.sql`WHERE (active_at, conversation_id) < (${from[0]}::timestamptz, ${from[1]})`
    }
    ORDER BY active_at DESC, conversation_id DESC LIMIT ${limit + 1}`;
};

/** Returns a user's conversations with their last message, by activity. */
export const listConversations = async (
  database: Database,
  settings: DomainConfig,
  { user_id, viewer_id }: { user_id: string; viewer_id: string },
  query: ListQuery,
): Promise<{ conversations: Conversation[]; next?: string | undefined }> => {
  const rows = await database.query<ActiveRow>(conversationsSql(user_id, query));
  const { page, next } = toPage(rows, query.limit, ({ active_at, conversation_id }) => [
    active_at,
    conversation_id,
  ]);
  const [conversations, messages] = await Promise.all([
    readConversations(
      database,
      page.map(({ conversation_id }) => conversation_id),
    ),
    readMessages(
      database,
      Prisma.sql`WHERE message_id = ANY(${page.flatMap(({ message_id }) => message_id ?? [])}::uuid[])`,
    ),
  ]);
  const byId = new Map(conversations.map((row) => [row.conversation_id, row]));
  const lastOf = new Map(messages.map((row) => [row.conversation_id, row]));
  return {
    conversations: page.flatMap(({ conversation_id }) => {
      const row = byId.get(conversation_id);
      const last = lastOf.get(conversation_id);
      if (row === undefined) return [];
      const last_message = last && toMessage(last, settings.publicUrl, viewer_id);
      return [{ ...row, last_message }];
    }),
    next,
  };
};
