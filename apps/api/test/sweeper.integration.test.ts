import { randomUUID } from 'node:crypto';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Prisma } from '@claimcheck/database/database';
import { createFailpoint } from '@claimcheck/platform/failpoint/failpoint';
import { createLogger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expireOrphanMedia } from '../src/background/sweeper/expire-orphans.ts';
import { finishUploads } from '../src/background/sweeper/finish-uploads.ts';
import { prune } from '../src/background/sweeper/prune.ts';
import { recordStoredBytes } from '../src/background/sweeper/record-stored-bytes.ts';
import { sweepPrefixes } from '../src/background/sweeper/sweep-prefixes.ts';
import { Sweeper } from '../src/background/sweeper/sweeper.ts';
import { readApiConfig } from '../src/config.ts';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { redriveMedia } from '../src/media/lifecycle/redrive-media.ts';
import { deleteMessage } from '../src/media/messages/delete-message.ts';
import { sendMessage } from '../src/media/messages/send-message.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { applyResult } from '../src/media/results/apply-result.ts';
import { applyVirus } from '../src/media/results/apply-virus.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { createMetrics } from '../src/metrics/create-metrics.ts';
import { createFinisher, type Finisher } from '../src/tus/compose.ts';
import { resultOf } from './harness/results.ts';
import { later, runDuty } from './harness/run-duty.ts';
import { createTestDatabase, settings as defaults, type TestDatabase } from './harness/test-database.ts';
import { createTestStorage, keysBelow, putObject } from './harness/test-storage.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ANN = { user_id: 'ann', is_backend: false };
const logger = createLogger('test', 'silent');

let db: TestDatabase;
let storage: Storage;
let settings: DomainConfig;
let sessions: UploadSessions;
let engine: Finisher;

beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  storage = createTestStorage(stack);
  settings = { ...defaults, bucket: storage.bucket };
  sessions = new UploadSessions(db.database, settings);
  await sessions.start((error) => {
    throw error;
  });
  const config = readApiConfig({ ...stack, AUTH_JWT_SECRET: 'x'.repeat(32) });
  const metrics = createMetrics(db.database);
  const failpoint = createFailpoint(undefined, logger);
  engine = createFinisher({ config, storage, logger, failpoint, metrics }, sessions);
});
afterAll(async () => {
  engine?.close();
  await sessions?.stop();
  storage?.close();
  await db?.close();
});

const row = (id: string) =>
  db.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } });

/** Creates an uploaded, processed and ready media object, with source and derivatives in the bucket. */
const ready = async (): Promise<string> => {
  const id = await db.uploaded();
  await putObject(storage, `${id}/source`);
  for (const stage of ['preview', 'scan', 'final'] as const)
    await db.database.transaction((tx) => applyResult(tx, settings, resultOf(id, stage)));
  await putObject(storage, `${id}/e1/medium.webp`);
  return id;
};

const orphans = (now: Date) => runDuty(expireOrphanMedia({ database: db.database, settings }), now);
const prefixes = (now: Date) => runDuty(sweepPrefixes({ database: db.database, storage }), now);
const send = (id: string, conversation: string, key: string) =>
  db.database.transaction((tx) =>
    sendMessage(
      tx,
      settings,
      { conversation_id: conversation, sender_user_id: 'ann' },
      {
        client_message_id: key,
        message_type: 'image',
        media_object_id: id,
      },
    ),
  );
const unsend = (conversation: string, messageId: string) =>
  db.database.transaction((tx) =>
    deleteMessage(tx, settings, { conversation_id: conversation, message_id: messageId }, ANN),
  );

describe('orphans', () => {
  test('expire in two steps, and leave nothing in the bucket', async () => {
    const id = await ready();
    expect((await orphans(later(DAY - HOUR))).decisions).toEqual([]);
    expect((await orphans(later(DAY + HOUR))).decisions).toEqual(['expiring']);
    expect(await row(id)).toMatchObject({ state: 'expiring', former_state: 'ready' });
    expect((await orphans(later(2 * DAY))).decisions).toEqual([]);
    expect(await keysBelow(storage, `${id}/`)).toHaveLength(2);
    expect((await orphans(later(2 * DAY + 2 * HOUR))).decisions).toEqual(['expired']);
    expect(await row(id)).toMatchObject({ state: 'expired', former_state: null, expires_at: null });
    expect((await prefixes(later(HOUR))).decisions).toContain('swept');
    expect(await keysBelow(storage, `${id}/`)).toEqual([]);
    const usage = await db.database.client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });
    expect(usage.charged_bytes).toBe(0n);
  });

  test('a timely message restores the former state; losing the last reference restarts the clock', async () => {
    const id = await ready();
    await orphans(later(DAY + HOUR));
    const messageId = await db.shared(id, 'in-time');
    expect(await row(id)).toMatchObject({ state: 'ready', former_state: null, expires_at: null });
    expect((await orphans(later(30 * DAY))).decisions).toEqual([]);
    const second = await send(id, 'in-time', 'again');
    await unsend('in-time', messageId);
    expect((await row(id)).expires_at).toBeNull();
    await unsend('in-time', second.message.message_id);
    const left = ((await row(id)).expires_at?.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(DAY - HOUR);
    expect((await orphans(later(DAY + HOUR))).decisions).toEqual(['expiring']);
  });

  test('a message and the sweeper at the same moment: the media exists, or the message is refused', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await ready();
      await db.shared(await ready(), `race-${round}`);
      await orphans(later(DAY + HOUR));
      const [sent] = await Promise.allSettled([
        send(id, `race-${round}`, 'k'),
        orphans(later(2 * DAY + 2 * HOUR)),
      ]);
      const references = await db.database.client.media_reference.count({ where: { media_object_id: id } });
      const { state } = await row(id);
      expect([sent.status, state, references]).toEqual(
        state === 'expired' ? ['rejected', 'expired', 0] : ['fulfilled', 'ready', 1],
      );
    }
  });

  test('unsettled or referenced media is left alone', async () => {
    const processing = await db.uploaded();
    const referred = await ready();
    await db.shared(referred, 'referred');
    // As an old release might have left it.
    await db.database.client.media_object.update({
      where: { media_object_id: referred },
      data: { expires_at: new Date() },
    });
    expect((await orphans(later(DAY + HOUR))).decisions).toContain('brought_back');
    expect((await row(processing)).state).toBe('processing');
    expect(await row(referred)).toMatchObject({ state: 'ready', expires_at: null });
  });
});

describe('prefixes', () => {
  test('of blocked and deleted media are swept soon, and once more when no process can write there', async () => {
    const [blocked, deleted] = [await ready(), await ready()];
    await db.database.transaction((tx) =>
      applyVirus(tx, settings, {
        mediaId: blocked,
        s3Key: `${blocked}/source`,
        s3Bucket: settings.bucket,
        mediaUrl: 'https://media.example/x',
        virusName: 'Eicar',
        detectedAt: new Date().toISOString(),
        actionTaken: 'left_in_place',
      }),
    );
    await db.database.transaction((tx) => deleteMedia(tx, settings, deleted, 'ann'));
    await prefixes(later(HOUR));
    for (const id of [blocked, deleted]) {
      expect(await keysBelow(storage, `${id}/`)).toEqual([]);
      // A worker that was paused returns and writes.
      await putObject(storage, `${id}/e1/late.webp`);
    }
    await prefixes(later(2 * HOUR));
    expect(await keysBelow(storage, `${deleted}/`)).toHaveLength(1);
    await prefixes(later(26 * HOUR));
    for (const id of [blocked, deleted]) expect(await keysBelow(storage, `${id}/`)).toEqual([]);
    expect(
      await db.database.client.prefix_sweep.count({
        where: { prefix: { in: [`${blocked}/`, `${deleted}/`] } },
      }),
    ).toBe(0);
  });

  test('of older epochs go when a newer one has all that they have, and not before', async () => {
    const id = await ready();
    await db.database.transaction(async (tx) => {
      await tx.query(Prisma.sql`
        UPDATE media_object SET state = 'degraded' WHERE media_object_id = ${id}::uuid`);
      await redriveMedia(tx, settings, id);
    });
    await db.database.transaction((tx) => applyResult(tx, settings, resultOf(id, 'preview', 2)));
    expect(await db.database.client.derivative.count({ where: { media_object_id: id, epoch: 1 } })).toBe(4);
    for (const stage of ['scan', 'final'] as const)
      await db.database.transaction((tx) => applyResult(tx, settings, resultOf(id, stage, 2)));
    await putObject(storage, `${id}/e2/medium.webp`);
    expect(await row(id)).toMatchObject({ state: 'ready', applied_epoch: 2 });
    expect(await db.database.client.derivative.count({ where: { media_object_id: id, epoch: 1 } })).toBe(0);
    await prefixes(later(2 * HOUR));
    expect(await keysBelow(storage, `${id}/`)).toHaveLength(3);
    await prefixes(later(26 * HOUR));
    expect(await keysBelow(storage, `${id}/`)).toEqual([`${id}/e2/medium.webp`, `${id}/source`]);
  });

  test('visible objects are never swept, whatever the table says', async () => {
    const id = await ready();
    const due_at = new Date();
    await db.database.client.prefix_sweep.createMany({
      data: [`${id}/`, `${id}/e1/`].map((prefix) => ({ prefix, due_at })),
    });
    expect((await prefixes(later(HOUR))).decisions.filter((decision) => decision === 'kept')).toHaveLength(2);
    expect(await keysBelow(storage, `${id}/`)).toHaveLength(2);
    for (const prefix of ['', '/', 'x/', `${id}/source`])
      await expect(db.database.client.prefix_sweep.create({ data: { prefix, due_at } })).rejects.toThrow(
        /prefix_sweep_prefix/,
      );
  });

  test('a storage that is down is retried; two replicas sweep each prefix once', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => ready()));
    for (const id of ids) await db.database.transaction((tx) => deleteMedia(tx, settings, id, 'ann'));
    const away = sweepPrefixes({
      database: db.database,
      storage: {
        multipart: { abortAll: () => Promise.resolve() },
        deletePrefix: () => Promise.reject(new Error('the storage is away')),
      },
    });
    const failed = await runDuty(away, later(60_000));
    expect(new Set(failed.decisions)).toEqual(new Set(['error']));
    // Claimed until then.
    expect((await prefixes(later(61_000))).decisions).toEqual([]);
    const swept: string[] = [];
    const counting = sweepPrefixes({
      database: db.database,
      storage: {
        multipart: { abortAll: (key) => storage.multipart.abortAll(key) },
        deletePrefix: async (prefix) => {
          swept.push(prefix);
          await storage.deletePrefix(prefix);
        },
      },
    });
    const at = later(HOUR);
    await Promise.all([runDuty(counting, at), runDuty(counting, at)]);
    expect(swept.toSorted()).toEqual([...new Set(swept)].toSorted());
    for (const id of ids) expect(swept).toContain(`${id}/`);
  });
});

describe('uploads that are whole and not finished', () => {
  const open = async (length: number, part_size: number): Promise<string> => {
    const { session } = await db.database.transaction((tx) =>
      createUpload(tx, settings, {
        owner_user_id: 'ann',
        length,
        part_size,
        metadata: { filename: 'a.bin', filetype: 'application/octet-stream' },
      }),
    );
    return session.upload_id;
  };
  const finishedBytes = () =>
    db.facts.flatMap((fact) => (fact.fact === 'upload_finished' ? [fact.size_bytes] : []));
  const finish = (now: Date) =>
    runDuty(
      finishUploads({
        database: db.database,
        sessions,
        storage,
        settings,
        store: engine.store,
      }),
      now,
    );

  test('a stored but unrecorded object is finalised; a living writer is left alone', async () => {
    const [told, held] = [await open(10, 8_388_608), await open(10, 8_388_608)];
    await putObject(storage, `${told}/source`);
    await putObject(storage, `${held}/source`);
    await db.database.client.upload_session.updateMany({
      where: { upload_id: { in: [told, held] } },
      data: { phase: 'completing', offset: 10 },
    });
    const writer = new UploadSessions(db.database, settings);
    await writer.start((error) => {
      throw error;
    });
    expect(await writer.acquire(held)).toBeDefined();
    db.facts.splice(0);
    expect((await finish(new Date())).decisions).toEqual([]);
    expect((await finish(later(31_000))).decisions).toEqual(['finished']);
    expect(await row(told)).toMatchObject({ state: 'processing', upload_state: 'uploaded', epoch: 1 });
    expect((await row(held)).state).toBe('uploading');
    expect(finishedBytes()).toEqual([10]);
    await writer.stop();
    expect((await finish(later(31_000))).decisions).toEqual(['finished']);
  });

  test('an open multipart upload that has all of its parts is completed', async () => {
    const size = 5 * 1_024 ** 2;
    const id = await open(size + 7, size);
    const target = { Bucket: storage.bucket, Key: `${id}/source` };
    const { UploadId } = await storage.client.send(new CreateMultipartUploadCommand(target));
    for (const [index, bytes] of [size, 7].entries()) {
      const { ETag } = await storage.client.send(
        new UploadPartCommand({
          ...target,
          UploadId,
          PartNumber: index + 1,
          Body: Buffer.alloc(bytes, index),
        }),
      );
      await db.database.client.upload_part.create({
        data: { upload_id: id, kind: 'part', number: index + 1, etag: ETag ?? '', size_bytes: bytes },
      });
    }
    await db.database.client.upload_session.update({
      where: { upload_id: id },
      data: { offset: size + 7, s3_upload_id: UploadId ?? null },
    });
    expect((await finish(later(31_000))).decisions).toEqual(['finished']);
    expect((await storage.head(`${id}/source`))?.size_bytes).toBe(size + 7);
    expect((await row(id)).state).toBe('processing');
    const left = await storage.client.send(
      new ListMultipartUploadsCommand({ Bucket: storage.bucket, Prefix: `${id}/source` }),
    );
    expect(left.Uploads ?? []).toEqual([]);
  });

  test('an empty file settles, and stores nothing', async () => {
    const id = await open(0, 8_388_608);
    expect((await finish(later(31_000))).decisions).toEqual(['finished']);
    expect(await row(id)).toMatchObject({ state: 'failed', failure_code: 'empty_file' });
    expect(await keysBelow(storage, `${id}/`)).toEqual([]);
  });

  test('bytes that are only in a tail are stored; an upload that the storage lost is never finalised', async () => {
    const [tail, lost] = [await open(10, 8_388_608), await open(10, 8_388_608)];
    await putObject(storage, `${tail}/tail/10-1`);
    await db.database.client.upload_part.create({
      data: {
        upload_id: tail,
        kind: 'tail',
        number: 1,
        etag: '',
        size_bytes: 10,
        object_storage_key: `${tail}/tail/10-1`,
      },
    });
    await db.database.client.upload_session.updateMany({
      where: { upload_id: { in: [tail, lost] } },
      data: { offset: 10 },
    });
    const report = await finish(later(31_000));
    expect(report.decisions.toSorted()).toEqual(['error', 'finished']);
    expect(await keysBelow(storage, `${tail}/`)).toEqual([`${tail}/source`]);
    expect((await row(tail)).state).toBe('processing');
    expect((await row(lost)).state).toBe('uploading');
  });
});

const pruning = () =>
  prune({
    database: db.database,
    eventRetentionMs: 30 * DAY,
    tombstoneRetentionMs: 90 * DAY,
    readyDeadlineMaxMs: HOUR,
  });

describe('books', () => {
  test('a conversation that is being written keeps no others from being pruned', async () => {
    const { client } = db.database;
    const names = ['written', ...Array.from({ length: 5 }, (_, nth) => `quiet-${nth}`)];
    await client.conversation.createMany({
      data: names.map((name) => ({ conversation_id: name, created_by: 'ann', last_seq: 100 })),
    });
    // The oldest are those of the one that is being written, half of a batch.
    await client.$executeRaw`
      INSERT INTO conversation_event (conversation_id, seq, type, payload, created_at)
      SELECT name, seq, 'media.updated', '{}', now() - interval '40 days' - (name = 'written')::int * interval '1 day'
      FROM unnest(${names}::text[]) AS name, generate_series(1, 100) AS seq`;
    const leftOf = async () => {
      const left = await client.conversation_event.groupBy({
        by: ['conversation_id'],
        where: { conversation_id: { in: names } },
      });
      return left.map(({ conversation_id }) => conversation_id);
    };
    await db.database.transaction(async (tx) => {
      await tx.query(Prisma.sql`SELECT FROM conversation WHERE conversation_id = 'written' FOR UPDATE`);
      await runDuty(pruning(), new Date());
    });
    expect(await leftOf()).toEqual(['written']);
    await runDuty(pruning(), new Date());
    expect(await leftOf()).toEqual([]);
  });

  test('are pruned when no reader needs them any longer, and a late subscriber learns of it', async () => {
    const { client } = db.database;
    await db.shared(await ready(), 'pruned');
    const now = later(31 * DAY);
    await client.$executeRaw`UPDATE conversation_event SET created_at = ${later(5 * DAY)} WHERE conversation_id = 'pruned' AND seq > 1`;
    await client.outbox.updateMany({ data: { published_at: new Date() } });
    const fresh = await client.outbox.create({
      data: { id: '00000000-0000-4000-8000-000000000001', subject: 'x', payload: {} },
    });
    await client.process_heartbeat.create({ data: { process_id: '00000000-0000-4000-8000-000000000002' } });
    await client.idempotency_key.create({
      data: { user_id: 'ann', route: 'r', key: 'k', request_hash: '0'.repeat(64) },
    });
    await client.media_session.create({
      data: { token: 't'.repeat(43), user_id: 'ann', expires_at: later(DAY) },
    });
    const duty = pruning();
    expect((await runDuty(duty, later(90 * 60_000))).decisions).toEqual([]);
    expect((await runDuty(duty, now)).decisions).toEqual([
      'outbox',
      'events',
      'idempotency_keys',
      'media_sessions',
      'heartbeats',
      'applied_results',
    ]);
    expect(await client.outbox.findMany({ select: { id: true } })).toEqual([{ id: fresh.id }]);
    expect(await client.idempotency_key.count()).toBe(0);
    const conversation = await client.conversation.findUniqueOrThrow({
      where: { conversation_id: 'pruned' },
    });
    const events = await client.conversation_event.findMany({ where: { conversation_id: 'pruned' } });
    expect([conversation.pruned_seq, conversation.last_seq]).toEqual([1n, 2n]);
    expect(events.map(({ seq }) => seq)).toEqual([2n]);
    // A process of this file may have sent another heartbeat.
    const { decisions } = await runDuty(duty, now);
    expect(decisions.filter((decision) => decision !== 'heartbeats')).toEqual([]);
  });

  test('a result is deleted a week after it was applied, and changes nothing when it arrives again', async () => {
    const { client } = db.database;
    const id = await ready();
    const where = { media_object_id: id };
    await runDuty(pruning(), later(7 * DAY));
    expect(await client.applied_result.count({ where })).toBe(3);
    await runDuty(pruning(), later(7 * DAY + 2 * HOUR));
    expect(await client.applied_result.count({ where })).toBe(0);
    const before = await row(id);
    await db.database.transaction((tx) => applyResult(tx, settings, resultOf(id, 'final')));
    expect(await row(id)).toMatchObject({ state: 'ready', epoch: before.epoch });
  });

  test('a tombstone is deleted with its upload and its name, unless a message still shows it', async () => {
    const { client } = db.database;
    const [gone, shown] = [await ready(), await ready()];
    await db.shared(shown, 'tombstones');
    await db.database.transaction((tx) => deleteMedia(tx, settings, gone, 'ann'));
    // As a take-down leaves it.
    await client.media_object.update({ where: { media_object_id: shown }, data: { state: 'deleted' } });
    const where = { media_object_id: gone };
    await runDuty(pruning(), later(89 * DAY));
    expect(await client.media_object.count({ where })).toBe(1);
    await runDuty(pruning(), later(91 * DAY));
    expect(await client.media_object.count({ where })).toBe(0);
    expect(await client.upload_session.count({ where })).toBe(0);
    expect(await client.media_alias.count({ where })).toBe(0);
    expect(await row(shown)).toMatchObject({ state: 'deleted', kept_at: expect.any(Date) });
    // Not checked again before another retention, by when no message shows it.
    await client.$executeRaw`UPDATE media_object SET kept_at = ${later(91 * DAY)} WHERE media_object_id = ${shown}::uuid`;
    await client.message.deleteMany({ where: { conversation_id: 'tombstones' } });
    await client.media_reference.deleteMany({ where: { media_object_id: shown } });
    await runDuty(pruning(), later(92 * DAY));
    expect((await row(shown)).state).toBe('deleted');
    await runDuty(pruning(), later(182 * DAY));
    expect(await client.media_object.count({ where: { media_object_id: shown } })).toBe(0);
  });

  test('keys of deleted messages and pieces of concatenations are deleted', async () => {
    const { client } = db.database;
    await db.shared(await ready(), 'forgotten');
    await client.message_tombstone.create({
      data: { sender_user_id: 'ann', conversation_id: 'forgotten', client_message_id: 'k' },
    });
    const piece = (phase: 'expired' | 'open') => ({
      upload_id: randomUUID(),
      owner_user_id: 'ann',
      protocol: 'tus' as const,
      phase,
      is_partial: true,
      s3_bucket: 'b',
      object_storage_key: 'k',
      expires_at: new Date(),
    });
    const open = piece('open');
    await client.upload_session.createMany({ data: [piece('expired'), open] });
    await runDuty(pruning(), later(6 * DAY));
    expect(await client.upload_session.count({ where: { media_object_id: null } })).toBe(2);
    await runDuty(pruning(), later(91 * DAY));
    expect(
      await client.upload_session.findMany({ where: { media_object_id: null }, select: { upload_id: true } }),
    ).toEqual([{ upload_id: open.upload_id }]);
    expect(await client.message_tombstone.count()).toBe(0);
  });

  test('stored bytes are summed periodically', async () => {
    const sums: Record<string, number> = {};
    const duty = recordStoredBytes({
      database: db.database,
      set: (kind, bytes) => {
        sums[kind] = bytes;
      },
      pageSize: 1,
    });
    await ready();
    // The next pass resumes one that ended after a page.
    let pages = 0;
    const short = { now: new Date(), isOver: () => pages++ % 2 === 1, decided: () => {}, failed: () => {} };
    await duty.run(short);
    expect(sums).toEqual({});
    await runDuty(duty, new Date());
    expect(sums.source).toBeGreaterThanOrEqual(1_000);
    const all = await db.database.client.derivative.aggregate({ _sum: { size_bytes: true } });
    expect(sums.derivative).toBeGreaterThanOrEqual(40);
    expect(sums.derivative).toBe(Number(all._sum.size_bytes));
    const before = { ...sums };
    const id = await ready();
    const further = [{ format: 'jpg', s3_bucket: 'a', object_storage_key: 'b', size_bytes: 7 }];
    await db.database.client.derivative.updateMany({
      where: { media_object_id: id, quality: 'medium' },
      data: { further_formats: further },
    });
    await runDuty(duty, later(1_000));
    expect(sums).toEqual(before);
    await runDuty(duty, later(HOUR));
    expect(sums.source).toBe((before.source ?? 0) + 1_000);
    const grown = await db.database.client.derivative.aggregate({ _sum: { size_bytes: true } });
    expect(sums.derivative).toBe(Number(grown._sum.size_bytes) + 7);
  });
});

test('processes count stored bytes together, and each shows the result', async () => {
  await ready();
  await ready();
  const derivatives = await db.database.client.derivative.aggregate({ _sum: { size_bytes: true } });
  const shown: number[] = [];
  const duty = () =>
    recordStoredBytes({
      database: db.database,
      set: (kind, bytes) => {
        if (kind === 'derivative') shown.push(bytes);
      },
      pageSize: 1,
    });
  const [one, other] = [duty(), duty()];
  const now = later(2 * DAY);
  await Promise.all([runDuty(one, now), runDuty(other, now)]);
  // One that met the other's lock shows the result in its next pass.
  for (const each of [one, other]) await runDuty(each, now);
  await ready();
  await runDuty(duty(), later(2 * DAY + 60_000));
  const counted = shown.at(-1) ?? 0;
  expect(shown).toEqual([counted, counted, counted]);
  expect(counted).toBeGreaterThanOrEqual(Number(derivatives._sum.size_bytes));
});

test('a failing task does not prevent the others, and stopping waits for the pass', async () => {
  const decisions: string[] = [];
  const sweeper = new Sweeper({
    tasks: [
      { name: 'broken', outcomes: [], run: () => Promise.reject(new Error('no')) },
      {
        name: 'well',
        outcomes: ['done'],
        run: async (pass) => pass.decided('done', {}),
      },
    ],
    everyMs: 1,
    logger,
    onDecision: (duty, decision) => decisions.push(`${duty}:${decision}`),
  });
  sweeper.start();
  await expect.poll(() => decisions.length).toBeGreaterThan(3);
  await sweeper.stop();
  const count = decisions.length;
  await sweeper.runOnce();
  expect(decisions).toHaveLength(count);
  expect(decisions.slice(0, 2)).toEqual(['broken:error', 'well:done']);
});
