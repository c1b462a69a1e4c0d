import { Prisma } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createConversation } from '../src/media/messages/conversations.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { keepBooks } from '../src/media/record/bookkeeping.ts';
import { expireOrphan } from '../src/media/removal/orphans.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { resultOf } from './harness/results.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

// What happens between the statement that reads and the one that writes.

let db: TestDatabase;
let conversation_id: string;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
beforeEach(async () => {
  conversation_id = uuidv7();
  await db.database.transaction((tx) =>
    createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }),
  );
});
afterAll(() => db?.close());

const client = () => db.database.client;

const send = (...ids: string[]) =>
  db.database.autocommit((on) =>
    sendMessage(
      on,
      settings,
      { conversation_id, sender_user_id: 'ann' },
      {
        client_message_id: uuidv7(),
        attachments: ids.map((media_object_id) => ({ media_object_id })),
      },
    ),
  );

const mediaOf = (media_object_id: string) =>
  client().media_object.findUniqueOrThrow({ where: { media_object_id } });

/** Holds a row while `start` runs into it, and changes it before it lets go. */
const whileHeld = async <Result>(
  hold: (tx: Parameters<Parameters<typeof db.database.transaction>[0]>[0]) => Promise<unknown>,
  start: () => Promise<Result>,
): Promise<PromiseSettledResult<Result>> => {
  const { promise: waited, resolve: release } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hasHeld } = Promise.withResolvers<void>();
  const holder = db.database.transaction(async (tx) => {
    await hold(tx);
    hasHeld();
    await waited;
  });
  await isHeld;
  const started = start();
  const settled = Promise.allSettled([started]);
  await expect
    .poll(
      async () => {
        const rows = await client().$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return rows[0]?.count ?? 0;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  release();
  await holder;
  const [outcome] = await settled;
  return outcome;
};

test('an album whose second media object changes meanwhile is decided again, and shows the change', async () => {
  const album = [await db.uploaded(), await db.uploaded()];
  const outcome = await whileHeld(
    (tx) => applyResult(tx, settings, resultOf(album[1] ?? '', 'preview')),
    () => send(...album),
  );
  if (outcome.status === 'rejected') throw outcome.reason;
  const shown = outcome.value.message.attachments?.map(({ media }) => media?.rev);
  const rows = await Promise.all(album.map(mediaOf));
  expect(shown).toEqual(rows.map(({ rev }) => rev));
  expect(rows.map(({ expires_at }) => expires_at)).toEqual([null, null]);
  expect(await client().media_reference.count({ where: { conversation_id } })).toBe(2);
});

test('a conversation that is erased meanwhile gets no message, and its media keep their orphan clock', async () => {
  const media = await db.uploaded();
  const before = await mediaOf(media);
  expect(before.expires_at).not.toBeNull();
  const outcome = await whileHeld(
    (tx) => tx.query(Prisma.sql`DELETE FROM conversation WHERE conversation_id = ${conversation_id}`),
    () => send(media),
  );
  expect(outcome).toMatchObject({ status: 'rejected', reason: { problem: { code: 'not_found' } } });
  expect(await mediaOf(media)).toEqual(before);
});

test('a media object that expires is back before the message refers to it', async () => {
  const media = await db.uploaded();
  for (const stage of ['preview', 'scan', 'final'] as const)
    await db.database.autocommit((on) => applyResult(on, settings, resultOf(media, stage)));
  await db.database.transaction((tx) => keepBooks(tx, media, { expires_at: new Date(Date.now() - 1_000) }));
  await db.database.transaction((tx) => expireOrphan(tx, settings, media, new Date()));
  expect((await mediaOf(media)).state).toBe('expiring');

  const { message } = await send(media);
  expect(message.media).toMatchObject({ state: 'ready' });
  expect(message.media?.expires_at).toBeUndefined();
  expect(await mediaOf(media)).toMatchObject({ state: 'ready', former_state: null, expires_at: null });
});
