import {
  conversationIdsOf,
  isMember,
  type LogPage,
  lastSeqs,
  readLog,
  recentSeqs,
} from '@claimcheck/database/conversation-log';
import type { StatementPool } from '@claimcheck/database/statement-pool';
import { Semaphore } from '@claimcheck/platform/process/semaphore';
import { SharedReads } from './shared-reads.ts';

/** The gateway's queries to Postgres; SELECTs only. Every method rejects when the database does not answer. */
export interface ConversationReader {
  isMember(conversationId: string, userId: string): Promise<boolean>;
  conversationIdsOf(userId: string): Promise<string[]>;
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

export const createConversationReader = (
  database: Pick<StatementPool, 'query'>,
  options: ConversationReaderOptions,
): ConversationReader => {
  const limit = new Semaphore(options.concurrency);
  const pages = new SharedReads<LogPage | undefined>((read) => limit.run(read), options.onShared);
  return {
    isMember: (conversationId, userId) => limit.run(() => isMember(database, conversationId, userId)),
    conversationIdsOf: (userId) => limit.run(() => conversationIdsOf(database, userId)),
    // Bypasses the queue: it runs once a second, and all gaps wait for it.
    lastSeqs: (conversationIds) => lastSeqs(database, conversationIds),
    recentSeqs: () => recentSeqs(database),
    readLog: (conversationId, sinceSeq, pageSize) =>
      pages.ask(`${conversationId} ${sinceSeq} ${pageSize}`, () =>
        readLog(database, conversationId, sinceSeq, pageSize),
      ),
  };
};
