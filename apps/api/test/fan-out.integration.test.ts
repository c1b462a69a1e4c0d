import { createLogger } from '@claimcheck/platform/process/logger';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { FanOutLoop } from '../src/background/fan-out-loop.ts';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { FAN_OUT_PAGE, fanOutStep } from '../src/media/log/fan-out.ts';
import { createConversation } from '../src/media/messages/conversations.ts';
import { deleteMessage } from '../src/media/messages/delete-message.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { applyVirus } from '../src/media/results/apply-virus.ts';
import { resultOf } from './harness/results.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

const ANN = { user_id: 'ann', is_backend: false };

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

/** Creates conversations that all refer to one media object, in a few statements, because the fan-out is under test. */
const forwardTo = async (id: string, name: string, count: number): Promise<void> => {
  const { client } = db.database;
  await client.$executeRaw`
    INSERT INTO conversation (conversation_id, created_by)
    SELECT ${name} || '-' || lpad(n::text, 5, '0'), 'ann' FROM generate_series(1, ${count}::int) AS n`;
  await client.$executeRaw`
    INSERT INTO media_reference (media_object_id, kind, ref_id, conversation_id)
    SELECT ${id}::uuid, 'message', gen_random_uuid()::text, conversation_id FROM conversation
    WHERE conversation_id LIKE ${`${name}-%`}`;
};

/** Returns the revs in each conversation's log, in order. */
const toldRevs = async (id: string, name: string): Promise<Map<string, number[]>> => {
  const rows = await db.database.client.$queryRaw<{ conversation_id: string; revs: number[] }[]>`
    SELECT conversation_id, array_agg((payload->'media'->>'rev')::int ORDER BY seq) AS revs
    FROM conversation_event
    WHERE type = 'media.updated' AND payload->'media'->>'media_object_id' = ${id} AND conversation_id LIKE ${`${name}-%`}
    GROUP BY conversation_id`;
  return new Map(rows.map(({ conversation_id, revs }) => [conversation_id, revs]));
};

const revOf = async (id: string): Promise<number> => {
  const row = await db.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } });
  return row.rev;
};

const apply = (id: string, stage: 'preview' | 'scan' | 'final') =>
  db.database.transaction((tx) => applyResult(tx, settings, resultOf(id, stage)));

const step = () => db.database.transaction((tx) => fanOutStep(tx, settings));

const block = (id: string) =>
  db.database.transaction((tx) =>
    applyVirus(tx, settings, {
      mediaId: id,
      s3Key: `${id}/source`,
      s3Bucket: settings.bucket,
      mediaUrl: 'https://media.example/x',
      virusName: 'Eicar',
      detectedAt: new Date().toISOString(),
      actionTaken: 'left_in_place',
    }),
  );

const assertNoGaps = async (name: string): Promise<void> => {
  const broken = await db.database.client.$queryRaw`
    SELECT conversation_id FROM conversation LEFT JOIN conversation_event USING (conversation_id)
    WHERE conversation_id LIKE ${`${name}-%`} GROUP BY conversation_id, last_seq
    HAVING count(seq) <> last_seq OR coalesce(max(seq), 0) <> last_seq`;
  expect(broken).toEqual([]);
};

test('a change notifies twenty conversations in its own transaction, and twenty-one by a fan-out', async () => {
  const few = await db.uploaded();
  await forwardTo(few, 'few', 20);
  await apply(few, 'preview');
  expect((await toldRevs(few, 'few')).size).toBe(20);
  expect(await step()).toBeUndefined();

  const many = await db.uploaded();
  await forwardTo(many, 'many', 21);
  await apply(many, 'preview');
  expect((await toldRevs(many, 'many')).size).toBe(0);
  expect(await step()).toMatchObject({ media_object_id: many, told: 21, done: true });
  expect(await step()).toBeUndefined();
  expect([...(await toldRevs(many, 'many')).values()]).toEqual(Array.from({ length: 21 }, () => [3]));
});

test('a newer change during a fan-out reaches every conversation, and none gets the same one twice', async () => {
  const id = await db.uploaded();
  await forwardTo(id, 'middle', 3 * FAN_OUT_PAGE);
  await apply(id, 'preview');
  await step();
  await apply(id, 'scan');
  await step();
  await block(id);
  while ((await step()) !== undefined);
  const last = await revOf(id);
  const told = [...(await toldRevs(id, 'middle')).values()];
  expect(told).toHaveLength(3 * FAN_OUT_PAGE);
  for (const revs of told) {
    expect(revs.at(-1)).toBe(last);
    expect(revs).toEqual([...new Set(revs)].toSorted((a, b) => a - b));
  }
  await assertNoGaps('middle');
});

test('when few are left, the change notifies them itself, and the fan-out does not repeat it', async () => {
  const id = await db.uploaded();
  await forwardTo(id, 'fewer', 30);
  await apply(id, 'preview');
  await db.database.client.$executeRaw`
    DELETE FROM media_reference WHERE media_object_id = ${id}::uuid AND conversation_id > 'fewer-00005'`;
  await apply(id, 'scan');
  expect(await step()).toMatchObject({ told: 0, done: true });
  const told = await toldRevs(id, 'fewer');
  expect([...told.values()]).toEqual(Array.from({ length: 5 }, () => [4]));
});

test('2,000 conversations, three changes, two loops, people chatting: no transaction over a second, no gap', async () => {
  const id = await db.uploaded();
  await forwardTo(id, 'crowd', 2_000);
  const conversation_id = 'crowd-01000';
  await db.database.client.conversation_member.create({ data: { conversation_id, user_id: 'ann' } });
  const durations: number[] = [];
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    durations.push(performance.now() - start);
    return result;
  };
  const loops = [1, 2].map(
    () =>
      new FanOutLoop({
        database: db.database,
        settings,
        logger: createLogger('test', 'silent'),
        onTold: (_, ms) => durations.push(ms),
      }),
  );
  for (const loop of loops) loop.start();
  await timed(() => apply(id, 'preview'));
  await timed(() => apply(id, 'scan'));
  for (let index = 0; index < 10; index += 1)
    await timed(() =>
      db.database.transaction((tx) =>
        sendMessage(
          tx,
          settings,
          { conversation_id, sender_user_id: 'ann' },
          {
            client_message_id: `m${index}`,
            message_type: 'text',
            body: 'x',
          },
        ),
      ),
    );
  await timed(() => block(id));
  await expect.poll(() => db.database.client.fanout.count(), { timeout: 30_000 }).toBe(0);
  await Promise.all(loops.map((loop) => loop.stop()));
  const last = await revOf(id);
  const told = [...(await toldRevs(id, 'crowd')).values()];
  expect(told).toHaveLength(2_000);
  expect(told.every((revs) => revs.at(-1) === last && new Set(revs).size === revs.length)).toBe(true);
  await assertNoGaps('crowd');
  expect(durations.length).toBeGreaterThan(20);
  expect(Math.max(...durations)).toBeLessThan(1_000);
});

test('forwarding adds a second reference; the owner cannot delete referenced media', async () => {
  const id = await db.uploaded();
  const first = await db.shared(id, 'from');
  const second = await db.shared(id, 'to');
  const remove = () => db.database.transaction((tx) => deleteMedia(tx, settings, id, 'ann'));
  await expect(remove()).rejects.toMatchObject({ problem: { code: 'media_referenced', status: 409 } });
  const unsend = (conversation: string, message: string) =>
    db.database.transaction((tx) =>
      deleteMessage(tx, settings, { conversation_id: conversation, message_id: message }, ANN),
    );
  await unsend('from', first);
  await expect(remove()).rejects.toMatchObject({ problem: { code: 'media_referenced' } });
  await unsend('to', second);
  await unsend('to', second);
  await remove();
  expect(
    await db.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } }),
  ).toMatchObject({ state: 'deleted' });
});

test('the foreign key keeps a referenced media object, whatever tries to remove the row', async () => {
  const id = await db.uploaded();
  await db.shared(id, 'kept');
  await expect(
    db.database.client.$executeRaw`DELETE FROM media_object WHERE media_object_id = ${id}::uuid`,
  ).rejects.toThrow(/foreign key/);
});

test('a conversation gets its changes in order, even when several media objects change at once', async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, () => db.uploaded()));
  await db.database.transaction((tx) =>
    createConversation(tx, { conversation_id: 'busy-1', created_by: 'ann', member_ids: ['ann'] }),
  );
  for (const id of ids) await db.shared(id, 'busy-1');
  await Promise.all(ids.flatMap((id) => [apply(id, 'preview'), apply(id, 'scan'), apply(id, 'final')]));
  await assertNoGaps('busy');
  for (const id of ids) expect((await toldRevs(id, 'busy')).get('busy-1')).toEqual([3, 4, 5]);
});
