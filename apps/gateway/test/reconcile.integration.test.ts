import { Database, Prisma } from '@claimcheck/database/database';
import { createLogger } from '@claimcheck/platform/process/logger';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type ConversationReader, createConversationReader } from '../src/feeds/conversation-reader.ts';
import { FeedRegistry } from '../src/feeds/feed-registry.ts';
import { createTestDatabase, type TestDatabase } from './support/test-database.ts';

const SERVED = 300;

let db: TestDatabase;
let writer: Database;
let reading: Database;

beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
  writer = new Database({ url: db.url });
  reading = new Database({ url: db.readerUrl });
  await writer.query(Prisma.sql`
    INSERT INTO conversation (conversation_id, created_by)
    SELECT 'c' || n, 'ann' FROM generate_series(1, ${SERVED}::int) AS n`);
});
afterAll(async () => {
  await Promise.all([writer?.close(), reading?.close()]);
  await db?.drop();
});

/** Commits an event without an announcement. */
const append = (conversationId: string) =>
  writer.query(Prisma.sql`
    WITH next AS (
      UPDATE conversation SET last_seq = last_seq + 1 WHERE conversation_id = ${conversationId}
      RETURNING last_seq)
    INSERT INTO conversation_event (conversation_id, seq, type, payload)
    SELECT ${conversationId}, last_seq, 'member.added', '{"user_id":"ben"}' FROM next`);

test('a gateway with many conversations queries recent events, not each conversation', async () => {
  const asked: string[] = [];
  const real = createConversationReader(reading, { concurrency: 4, onShared: () => {} });
  const reader: ConversationReader = {
    ...real,
    lastSeqs: (ids) => {
      if (ids.length > 1) asked.push(`all ${ids.length}`);
      return real.lastSeqs(ids);
    },
    recentSeqs: () => {
      asked.push('recent');
      return real.recentSeqs();
    },
  };
  const feeds = new FeedRegistry({
    reader,
    audience: { event: () => {}, progress: () => {}, resync: () => {} },
    follow: () => () => {},
    onMalformed: () => {},
    onCount: () => {},
    logger: createLogger('test', 'silent'),
  });
  const leases = Array.from({ length: SERVED }, (_, index) => feeds.acquire(`c${index + 1}`));
  await Promise.all(leases.map(({ feed }) => feed.opened));
  const [first, second] = leases;

  await append('c1');
  await feeds.reconcile();
  expect([asked, first?.feed.position]).toEqual([[`all ${SERVED}`], 1]);

  await append('c1');
  await append('c2');
  await feeds.reconcile();
  expect(asked).toEqual([`all ${SERVED}`, 'recent']);
  expect([first?.feed.position, second?.feed.position]).toEqual([2, 1]);

  // After an outage of the broker, it checks every conversation.
  feeds.compareAll();
  await feeds.reconcile();
  expect(asked).toEqual([`all ${SERVED}`, 'recent', `all ${SERVED}`]);
  feeds.close();
});
