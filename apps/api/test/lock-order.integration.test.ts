import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, expect, inject, test } from 'vitest';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { failUpload } from '../src/media/lifecycle/fail-upload.ts';
import { redriveMedia } from '../src/media/lifecycle/redrive-media.ts';
import { fanOutStep } from '../src/media/log/fan-out.ts';
import { addMember, createConversation, removeMember } from '../src/media/messages/conversations.ts';
import { deleteMessage } from '../src/media/messages/delete-message.ts';
import { deleteHostReference, putHostReference } from '../src/media/messages/references.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { lockMedia } from '../src/media/record/media-row.ts';
import { eraseConversation } from '../src/media/removal/erase-conversation.ts';
import { eraseMedia } from '../src/media/removal/erase-media.ts';
import { pruneEvents } from '../src/media/removal/prune-tables.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { applyVirus } from '../src/media/results/apply-virus.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { ProblemError } from '../src/problem-error.ts';
import { resultOf } from './harness/results.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});

const run: TestDatabase['database']['transaction'] = (work) => db.database.transaction(work);

interface World {
  media: string;
  upload: string;
  conversations: string[];
  messages: string[];
}

const open = async (): Promise<string> => {
  const metadata = { filename: 'a.jpg', filetype: 'image/jpeg', client_media_id: uuidv7() };
  const upload = { owner_user_id: 'ann', length: 1_000, part_size: 8_388_608, metadata };
  return (await run((tx) => createUpload(tx, settings, upload))).session.upload_id;
};

const send = (conversation_id: string, media_object_id: string) =>
  run((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id, sender_user_id: 'ann' },
      {
        client_message_id: uuidv7(),
        message_type: 'image',
        media_object_id,
      },
    ),
  );

/** One media object in three conversations, each with several events about it, and one open upload. */
const makeWorld = async (): Promise<World> => {
  const media = await db.uploaded();
  const conversations = [uuidv7(), uuidv7(), uuidv7()];
  const messages: string[] = [];
  for (const conversation_id of conversations) {
    await run((tx) => createConversation(tx, { conversation_id, created_by: 'ann', member_ids: ['ann'] }));
    for (let count = 0; count < 3; count += 1)
      messages.push((await send(conversation_id, media)).message.message_id);
  }
  for (const stage of ['preview', 'scan'] as const)
    await run((tx) => applyResult(tx, settings, resultOf(media, stage)));
  return { media, upload: await open(), conversations, messages };
};

const soon = () => new Date(Date.now() + 60_000);

const sendAlone = (conversation_id: string, media: string) =>
  db.database.autocommit((on) =>
    sendMessage(
      on,
      settings,
      { conversation_id, sender_user_id: 'ann' },
      { client_message_id: uuidv7(), media_object_id: media },
    ),
  );

/** Every transaction that writes, on rows that the others write too. */
const WRITERS: Record<string, (world: World) => Promise<unknown>> = {
  'sends messages': async ({ conversations, media }) =>
    Promise.all(conversations.toReversed().map((id) => send(id, media))),
  'sends messages without a transaction': async ({ conversations, media }) =>
    Promise.all(conversations.map((id) => sendAlone(id, media))),
  'deletes messages': async ({ conversations, messages }) =>
    Promise.all(
      messages.map((message_id, index) =>
        run((tx) =>
          deleteMessage(
            tx,
            settings,
            { conversation_id: conversations[Math.floor(index / 3)] ?? '', message_id },
            {
              user_id: 'ann',
              is_backend: true,
            },
          ),
        ),
      ),
    ),
  'changes members': async ({ conversations: [id = ''] }) => {
    await run((tx) => addMember(tx, id, 'ben'));
    await run((tx) => removeMember(tx, id, 'ben'));
  },
  'refers as a host': async ({ conversations: [, id = ''], media }) => {
    const reference = { media_object_id: media, kind: 'post', ref_id: 'one' };
    await run((tx) => putHostReference(tx, settings, { ...reference, conversation_id: id }));
    await run((tx) => deleteHostReference(tx, settings, reference));
  },
  'applies a result': ({ media }) => run((tx) => applyResult(tx, settings, resultOf(media, 'final'))),
  'blocks a virus': ({ media }) =>
    run((tx) => applyVirus(tx, settings, { mediaId: media, virusName: 'Eicar' } as never)),
  redrives: ({ media }) => run((tx) => redriveMedia(tx, settings, media, 1)),
  'deletes its media': ({ media }) => run((tx) => deleteMedia(tx, settings, media, 'ann')),
  'erases its media': ({ media }) =>
    run(async (tx) => {
      const row = await lockMedia(tx, media);
      return row && eraseMedia(tx, settings, row);
    }),
  'erases a conversation': ({ conversations: [, , id = ''] }) =>
    eraseConversation(db.database, settings, id, async () => {}),
  // A few at a time, so that it meets the others often.
  'prunes events': async () => {
    for (let left = 20; left > 0 && (await pruneEvents(db.database, soon(), 2)) > 0; left -= 1);
  },
  'fans out': () => run((tx) => fanOutStep(tx, settings)),
  'creates an upload': () => open(),
  'finishes an upload': ({ upload }) => run((tx) => finalizeUpload(tx, settings, upload, 1_000)),
  'fails an upload': ({ upload }) => run((tx) => failUpload(tx, settings, upload, 'size_mismatch')),
};

test('a message is deleted under the lock of its conversation, as events are pruned', async () => {
  const {
    conversations: [conversation_id = ''],
    messages: [message_id = ''],
  } = await makeWorld();
  const { seq } = await db.database.client.message.findUniqueOrThrow({ where: { message_id } });
  const pruner = new pg.Client({ connectionString: db.url });
  await pruner.connect();
  await pruner.query('BEGIN');
  await pruner.query('SELECT 1 FROM conversation WHERE conversation_id = $1 FOR NO KEY UPDATE', [
    conversation_id,
  ]);
  const deleted = run((tx) =>
    deleteMessage(tx, settings, { conversation_id, message_id }, { user_id: 'ann', is_backend: true }),
  );
  const waits = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await expect.poll(async () => (await pruner.query(waits)).rows[0].n).toBe(1);
  // The event is free: the transaction that holds the conversation gets it.
  const event = 'SELECT 1 FROM conversation_event WHERE conversation_id = $1 AND seq = $2 FOR UPDATE NOWAIT';
  expect((await pruner.query(event, [conversation_id, seq])).rowCount).toBe(1);
  await pruner.query('COMMIT');
  await pruner.end();
  await deleted;
});

const PAIRS = Object.keys(WRITERS).flatMap((one, index, all) =>
  all.slice(index).map((two) => [one, two] as const),
);

/** Returns Postgres' count of deadlocks in this database: a losing transaction was run again, unnoticed. */
const deadlocks = async (): Promise<number> => {
  const url = new URL(db.url);
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  try {
    await admin.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await admin.query<{ deadlocks: number }>(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = $1',
      [url.pathname.slice(1)],
    );
    return rows[0]?.deadlocks ?? 0;
  } finally {
    await admin.end();
  }
};

/** Runs two writers twice each, all at once, on one world. @returns errors that are not refusals */
const clash = async (one: string, two: string): Promise<string[]> => {
  const world = await makeWorld();
  const work = [one, two, one, two].map((name) => WRITERS[name]?.(world));
  return (await Promise.allSettled(work)).flatMap((result) =>
    result.status === 'fulfilled' || result.reason instanceof ProblemError
      ? []
      : [`${one} × ${two}: ${result.reason}`],
  );
};

test('no two writers deadlock', { timeout: 240_000 }, async () => {
  const errors: string[] = [];
  const AT_ONCE = 3;
  for (let next = 0; next < PAIRS.length; next += AT_ONCE)
    errors.push(
      ...(await Promise.all(PAIRS.slice(next, next + AT_ONCE).map((pair) => clash(...pair)))).flat(),
    );
  expect(errors).toEqual([]);
  // A connection reports its counts when it ends.
  await db.close();
  await expect.poll(deadlocks, { timeout: 5_000 }).toBe(0);
});
