import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type MediaPlan, planChange } from '../src/media/lifecycle/plan-change.ts';
import { executePlan } from '../src/media/lifecycle/write-media.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { lockMedia } from '../src/media/record/media-row.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { finalizeUpload, planFinish } from '../src/media/uploads/finalize-upload.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
});
afterAll(() => db?.close());

const start = async (owner: string, length: number | undefined): Promise<string> => {
  const { session } = await db.database.transaction((tx) =>
    createUpload(tx, settings, {
      owner_user_id: owner,
      length,
      part_size: 8_388_608,
      metadata: { filename: 'a.jpg', filetype: 'image/jpeg', client_media_id: uuidv7() },
    }),
  );
  return session.upload_id;
};

const lock = async (id: string) => {
  const row = await db.database.transaction((tx) => lockMedia(tx, id));
  if (row === undefined) throw new Error('no media object');
  return row;
};

/** Reads everything that an executor writes, except for ids, owners and times. */
const written = async (id: string, owner: string) => {
  const { client } = db.database;
  const text = (value: unknown) =>
    JSON.parse(
      JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
        .replaceAll(id, 'ID')
        .replaceAll(owner, 'OWNER')
        .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"TIME"'),
    );
  const media = await client.media_object.findUniqueOrThrow({ where: { media_object_id: id } });
  const session = await client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });
  const outbox = await client.outbox.findMany({ orderBy: [{ created_at: 'asc' }, { id: 'asc' }] });
  const messages = outbox.filter(({ payload }) => JSON.stringify(payload).includes(id));
  return text({
    media,
    charged: [session.charged_bytes, session.is_counted_open],
    messages: messages.map(({ subject, payload, headers }) => ({ subject, payload, headers })),
    usage: await client.user_usage.findUnique({ where: { owner_user_id: owner } }),
    sweeps: await client.prefix_sweep.count({ where: { prefix: { startsWith: id } } }),
  });
};

const factsOf = (id: string) =>
  JSON.parse(
    JSON.stringify(db.facts.filter((fact) => JSON.stringify(fact).includes(id))).replaceAll(id, 'ID'),
  );

/** Returns only the facts of the plan: the statement's executor also reports the finished upload. */
const planned = (facts: { fact: string }[]) =>
  facts.filter(({ fact }) => fact !== 'upload_finished' && fact !== 'outbox');

describe.each([
  ['a file', 1_000, 1_000, settings],
  ['an empty file', 0, 0, settings],
  ['a file whose length was deferred', undefined, 77, settings],
  ['a file without a scan', 5, 5, { ...settings, scanPolicy: 'off' }],
] as [string, number | undefined, number, DomainConfig][])('%s', (_, length, size, rules) => {
  test('is finished with the same rows by either executor of the plan', async () => {
    const [one, two] = [`one-${uuidv7()}`, `two-${uuidv7()}`];
    const [byStatement, byTransaction] = [await start(one, length), await start(two, length)];

    await db.database.autocommit((on) => finalizeUpload(on, rules, byStatement, size));
    const plan: MediaPlan = planFinish(rules, await lock(byTransaction), size);
    await db.database.transaction((tx) => executePlan(tx, plan));

    expect(await written(byTransaction, two)).toEqual(await written(byStatement, one));
    expect(planned(factsOf(byTransaction))).toEqual(planned(factsOf(byStatement)));
  });
});

test('a plan from an older revision writes nothing', async () => {
  const id = await start('cay', 10);
  const row = await lock(id);
  await db.database.transaction((tx) =>
    executePlan(tx, planChange(settings, row, { alt: 'new' }, new Date())),
  );
  const before = await written(id, 'cay');
  const stale = planChange(settings, row, { state: 'failed' }, new Date());
  await expect(db.database.transaction((tx) => executePlan(tx, stale))).rejects.toThrow(
    'changed under its lock',
  );
  expect(await written(id, 'cay')).toEqual(before);
});
