import {
  areMembers,
  conversationIdsOf,
  type LogPage,
  type LogQuestion,
  lastSeqs,
  type Membership,
  readLogs,
  recentSeqs,
} from '@claimcheck/database/conversation-log';
import type { StatementPool } from '@claimcheck/database/statement-pool';
import { Semaphore } from '@claimcheck/platform/process/semaphore';
import { BatchedReads } from './batched-reads.ts';

/** The gateway's queries to Postgres; SELECTs only. Every method rejects when the database does not answer. */
export interface ConversationReader {
  isMember(conversationId: string, userId: string): Promise<boolean>;
  conversationIdsOf(userId: string): Promise<string[]>;
  /** Undefined when the conversation does not exist. */
  lastSeq(conversationId: string): Promise<number | undefined>;
  /** Missing conversations are absent from the map. */
  lastSeqs(conversationIds: string[]): Promise<Map<string, number>>;
  /** The same for conversations with a recent event, whether or not this process serves them. */
  recentSeqs(): Promise<Map<string, number>>;
  /**
   * Events with `seq > sinceSeq` in order, at most `limit`; undefined when the conversation does not exist. Callers with the
   * same question may share the page: it is read-only.
   */
  readLog(conversationId: string, sinceSeq: number, limit: number): Promise<LogPage | undefined>;
}

export interface ConversationReaderOptions {
  /** Queries at a time; keep it below the pool's size. */
  concurrency: number;
  /** Called when a page of the log served one more caller. */
  onShared(): void;
}

/** A thousand sockets that return at once ask a few dozen statements, not some thousand. */
export const createConversationReader = (
  database: Pick<StatementPool, 'query'>,
  options: ConversationReaderOptions,
): ConversationReader => {
  const limit = new Semaphore(options.concurrency);
  const memberships = new BatchedReads<Membership, boolean>({
    keyOf: ({ conversation_id, user_id }) => `${conversation_id} ${user_id}`,
    read: (asked) => areMembers(database, asked),
    limit,
  });
  const positions = new BatchedReads<string, number | undefined>({
    keyOf: (conversationId) => conversationId,
    read: async (asked) => {
      const known = await lastSeqs(database, asked);
      return asked.map((conversationId) => known.get(conversationId));
    },
    limit,
  });
  const pages = new BatchedReads<LogQuestion, LogPage | undefined>({
    keyOf: ({ conversation_id, since_seq, limit: page }) => `${conversation_id} ${since_seq} ${page}`,
    read: (asked) => readLogs(database, asked),
    limit,
    onShared: options.onShared,
  });
  return {
    isMember: (conversation_id, user_id) => memberships.ask({ conversation_id, user_id }),
    conversationIdsOf: (userId) => limit.run(() => conversationIdsOf(database, userId)),
    lastSeq: (conversationId) => positions.ask(conversationId),
    // Bypasses the queue: it runs once a second, and all gaps wait for it.
    lastSeqs: (conversationIds) => lastSeqs(database, conversationIds),
    recentSeqs: () => recentSeqs(database),
    readLog: (conversation_id, since_seq, page) => pages.ask({ conversation_id, since_seq, limit: page }),
  };
};
