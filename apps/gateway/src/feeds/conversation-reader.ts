import {
  conversationIdsOf,
  isMember,
  type LogPage,
  lastSeqs,
  readLog,
} from '@claimcheck/database/conversation-log';
import type { Database } from '@claimcheck/database/database';
import { ConcurrencyLimit } from './concurrency-limit.ts';

/** What the gateway asks Postgres; SELECTs only. Every method rejects when the database does not answer. */
export interface ConversationReader {
  isMember(conversationId: string, userId: string): Promise<boolean>;
  conversationIdsOf(userId: string): Promise<string[]>;
  /** Conversations that do not exist are missing from the map. */
  lastSeqs(conversationIds: string[]): Promise<Map<string, number>>;
  /** Events with `seq > sinceSeq` in order, at most `limit`; undefined when there is no such conversation. */
  readLog(conversationId: string, sinceSeq: number, limit: number): Promise<LogPage | undefined>;
}

/** @param concurrency queries at a time; keep it below the pool's size */
export const createConversationReader = (database: Database, concurrency: number): ConversationReader => {
  const limit = new ConcurrencyLimit(concurrency);
  const { client } = database;
  return {
    isMember: (conversationId, userId) => limit.run(() => isMember(client, conversationId, userId)),
    conversationIdsOf: (userId) => limit.run(() => conversationIdsOf(client, userId)),
    // Past the queue: once a second, and what everybody's gaps wait for.
    lastSeqs: (conversationIds) => lastSeqs(client, conversationIds),
    readLog: (conversationId, sinceSeq, pageSize) =>
      limit.run(() => readLog(client, conversationId, sinceSeq, pageSize)),
  };
};
