import { readLog } from '@claimcheck/database/conversation-log';
import { Database } from '@claimcheck/database/database';
import { expect } from 'vitest';
import type { CheckedMember } from './checked-member.ts';
import { until } from './until.ts';

const PAGE = 500;

/** Reads the message ids of a conversation's complete log from the database, in the order of seq. */
const messageIdsOf = async (database: Database, conversationId: string): Promise<string[]> => {
  const ids: string[] = [];
  for (;;) {
    const page = await readLog(database, conversationId, ids.length, PAGE);
    if (page === undefined || page.events.length === 0) return ids;
    for (const event of page.events) ids.push('message' in event ? event.message.message_id : '');
  }
};

/** Invariant D: each member has the database's events, in its order, once. Waits until they have caught up. */
export const expectSameAsLog = async (
  databaseUrl: string,
  members: readonly CheckedMember[],
  withinMs: number,
): Promise<void> => {
  const database = new Database({ url: databaseUrl, poolSize: 2 });
  try {
    for (const conversationId of new Set(members.map((member) => member.conversationId))) {
      const log = await messageIdsOf(database, conversationId);
      for (const member of members.filter((candidate) => candidate.conversationId === conversationId)) {
        await until(async () => member.has(log.length) || undefined, {
          withinMs,
          what: `a member of ${conversationId} to have ${log.length} events instead of ${member.received.length}`,
        });
        expect(member.violations).toEqual([]);
        expect(member.received).toEqual(log);
      }
    }
  } finally {
    await database.close();
  }
};
