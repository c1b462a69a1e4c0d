import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { createConversation } from '../src/media/messages/conversations.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import type { Finding } from '../src/reconcile/compare.ts';
import { reconcile } from '../src/reconcile/reconcile.ts';
import { createTestBucket, OBJECT_BYTES, type TestBucket } from './harness/test-bucket.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
let bucket: TestBucket;

beforeAll(async () => {
  db = await createTestDatabase(inject('stack').DATABASE_URL ?? '');
  bucket = await createTestBucket(inject('stack'));
});
afterAll(async () => {
  await bucket?.close();
  await db?.close();
});

const run = async (options: { apply?: boolean; graceMs?: number } = {}) => {
  const findings: Finding[] = [];
  const counts = await reconcile({
    database: db.database,
    storage: bucket.storage,
    graceMs: 0,
    apply: false,
    ...options,
    onFinding: (finding) => findings.push(finding),
  });
  const keysOf = (kind: Finding['finding']) =>
    findings.flatMap(({ finding, key }) => (finding === kind ? [key] : [])).toSorted();
  return { counts, orphans: keysOf('orphan'), missing: keysOf('missing'), foreign: keysOf('foreign') };
};

/** Creates the rows of a ready media object with derivatives of its second epoch. */
const readyMedia = async (): Promise<{ id: string; keys: string[] }> => {
  const id = await db.uploaded();
  const keys = [`${id}/e2/medium.webp`, `${id}/source`];
  await db.database.client.media_object.update({
    where: { media_object_id: id },
    data: {
      state: 'ready',
      epoch: 2,
      applied_epoch: 2,
      s3_bucket: bucket.storage.bucket,
      derivatives: {
        create: {
          epoch: 2,
          quality: 'medium',
          format: 'webp',
          s3_bucket: bucket.storage.bucket,
          object_storage_key: keys[0] ?? '',
          size_bytes: OBJECT_BYTES,
        },
      },
    },
  });
  return { id, keys };
};

const uploadInProgress = async (): Promise<string> => {
  const { session } = await db.database.transaction((tx) =>
    createUpload(tx, settings, {
      owner_user_id: 'ann',
      length: 1_000,
      part_size: 8_388_608,
      metadata: { filename: 'a.jpg', filetype: 'image/jpeg', client_media_id: randomUUID() },
    }),
  );
  return session.upload_id;
};

test('of 5,000 keys, those without a row are found, and deleted only on request', async () => {
  const ready = await readyMedia();
  // Its mp4 belongs to an earlier epoch: the newer one made only a poster.
  const film = await readyMedia();
  await db.database.client.derivative.create({
    data: {
      media_object_id: film.id,
      epoch: 1,
      quality: 'original',
      format: 'mp4',
      s3_bucket: bucket.storage.bucket,
      object_storage_key: `${film.id}/e1/original.mp4`,
      size_bytes: OBJECT_BYTES,
    },
  });
  const open = await uploadInProgress();
  const working = await db.uploaded();
  const dead = await db.uploaded();
  await db.database.client.media_object.update({
    where: { media_object_id: dead },
    data: { state: 'deleted' },
  });
  const kept = [
    ...ready.keys,
    ...film.keys,
    `${film.id}/e1/original.mp4`,
    `${film.id}/e1/hls/segment-1.m4s`,
    // These belong to the visible epoch, and to a later one: no row lists them one by one.
    `${ready.id}/e2/hls/segment-1.m4s`,
    `${ready.id}/e3/medium.webp`,
    `${open}/tail-1`,
    `${working}/source`,
    `${working}/e1/thumbnail.webp`,
    'backup/of-somebody-else.tar',
  ];
  const lost = [
    `${ready.id}/e1/medium.webp`,
    `${dead}/source`,
    ...Array.from({ length: 2_500 }, randomUUID).flatMap((id) => [`${id}/e1/low.webp`, `${id}/source`]),
  ].toSorted();
  await bucket.putAll([...kept, ...lost]);

  expect((await run({ graceMs: 3_600_000 })).counts).toMatchObject({
    orphan_objects: 0,
    young_objects: lost.length,
    deleted_objects: 0,
  });
  const dry = await run();
  expect(dry.orphans).toEqual(lost);
  expect(dry.missing).toEqual([]);
  expect(dry.foreign).toEqual(['backup/of-somebody-else.tar']);
  expect(dry.counts).toMatchObject({ orphan_bytes: OBJECT_BYTES * lost.length, deleted_objects: 0 });
  expect(await bucket.keys()).toHaveLength(kept.length + lost.length);

  expect((await run({ apply: true })).counts.deleted_objects).toBe(lost.length);
  expect(await bucket.keys()).toEqual(kept.toSorted());
  expect((await run({ apply: true })).counts).toMatchObject({ orphan_objects: 0, deleted_objects: 0 });
});

test('a missing object is an alarm when its media object is referenced', async () => {
  const unreferenced = await readyMedia();
  const referenced = await readyMedia();
  await db.database.transaction((tx) =>
    createConversation(tx, { conversation_id: 'c', created_by: 'ann', member_ids: ['ann'] }),
  );
  await db.database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id: 'c', sender_user_id: 'ann' },
      {
        client_message_id: 'm',
        message_type: 'image',
        media_object_id: referenced.id,
      },
    ),
  );
  const [thumbnail = '', source = ''] = referenced.keys;
  await bucket.putAll([thumbnail, ...unreferenced.keys]);
  const found = await run({ apply: true });
  expect(found.missing).toEqual([source]);
  expect(found.counts).toMatchObject({ missing_objects: 1, missing_referenced: 1 });

  const { S3_BUCKET: _, ...stack } = inject('stack');
  const lines: string[] = [];
  const code = await runCli(
    COMMANDS,
    ['reconcile', '--json'],
    { ...stack, DATABASE_URL: db.url, S3_BUCKET: bucket.storage.bucket },
    { out: (text) => lines.push(text), error: (text) => lines.push(text), audit: () => {} },
  );
  expect(code).toBe(1);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ summary: { missing_referenced: 1 } });

  await bucket.putAll([source]);
  expect((await run()).counts).toMatchObject({ missing_objects: 0, missing_referenced: 0 });
  const latest = await db.database.client.reconciliation.findFirst({ orderBy: { finished_at: 'desc' } });
  expect(latest?.missing_referenced).toBe(0n);
});
