import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { UploadProtocol } from '@claimcheck/contracts/rest';
import { createLogger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { pollDirectUploads } from '../src/background/sweeper/poll-direct-uploads.ts';
import { sweepPrefixes } from '../src/background/sweeper/sweep-prefixes.ts';
import { UploadExpirer } from '../src/background/upload-expirer.ts';
import type { DirectUploads } from '../src/direct/direct-uploads.ts';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import { redriveMedia } from '../src/media/lifecycle/redrive-media.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { type DirectUpload, isDirect } from '../src/media/uploads/direct-sessions.ts';
import { findSession } from '../src/media/uploads/upload-session.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { later, runDuty } from './harness/run-duty.ts';
import { createTestDatabase, settings as defaults, type TestDatabase } from './harness/test-database.ts';
import { createTestDirectUploads } from './harness/test-direct-uploads.ts';
import { createTestStorage, keysBelow, putObject } from './harness/test-storage.ts';

const MIB = 1_024 ** 2;
const PART = 5 * MIB;
const MINUTE = 60_000;

let db: TestDatabase;
let storage: Storage;
let settings: DomainConfig;
let directUploads: DirectUploads;
let sessions: UploadSessions;
let expirer: UploadExpirer;

beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  storage = createTestStorage(stack);
  settings = { ...defaults, bucket: storage.bucket };
  directUploads = createTestDirectUploads(db.database, storage, settings);
  sessions = new UploadSessions(db.database, settings);
  await sessions.start((error) => {
    throw error;
  });
  const { database } = db;
  const logger = createLogger('test', 'silent');
  expirer = new UploadExpirer({
    database,
    sessions,
    storage,
    directUploads,
    settings,
    logger,
    everyMs: MINUTE,
  });
});
afterAll(async () => {
  await sessions?.stop();
  storage?.close();
  await db?.close();
});

const open = async (protocol: UploadProtocol, length: number, owner_user_id = 'ann'): Promise<string> => {
  const metadata = { filename: 'a.bin', filetype: 'application/octet-stream', client_media_id: randomUUID() };
  const { session } = await db.database.transaction((tx) =>
    createUpload(tx, settings, { owner_user_id, protocol, length, part_size: PART, metadata }),
  );
  return session.upload_id;
};

const upload = async (id: string): Promise<DirectUpload> => {
  const session = await findSession(db.database, id);
  if (session === undefined || !isDirect(session)) throw new Error('not a direct upload');
  return session;
};

const row = (id: string) =>
  db.database.client.media_object.findUniqueOrThrow({ where: { media_object_id: id } });

const look = (now: Date) => runDuty(pollDirectUploads({ database: db.database, directUploads }), now);

const usage = async (owner_user_id: string) => {
  const kept = await db.database.client.user_usage.findUniqueOrThrow({ where: { owner_user_id } });
  return [Number(kept.bytes), kept.open_uploads];
};

const requestsOf = async (id: string): Promise<number> => {
  const sent = await db.database.client.outbox.findMany({
    where: { subject: settings.subjects.optimizeRequest },
  });
  return sent.filter(({ payload }) => JSON.stringify(payload).includes(id)).length;
};

const multipartsOf = async (id: string) => {
  const answer = await storage.client.send(
    new ListMultipartUploadsCommand({ Bucket: storage.bucket, Prefix: `${id}/source` }),
  );
  return answer.Uploads ?? [];
};

/** Sends the parts as a client does, with the signed URLs, which other tests check on both servers. */
const sendPart = async (id: string, number: number, size_bytes: number): Promise<void> => {
  const { s3_upload_id } = await upload(id);
  await storage.client.send(
    new UploadPartCommand({
      Bucket: storage.bucket,
      Key: `${id}/source`,
      UploadId: s3_upload_id,
      PartNumber: number,
      Body: Buffer.alloc(size_bytes, number),
    }),
  );
};

const passTime = (id: string) =>
  db.database.client.upload_session.update({
    where: { upload_id: id },
    data: { expires_at: new Date(Date.now() - 1_000) },
  });

describe('the sweeper checks without an event and without the client', () => {
  test('a stored PUT, and finishes the upload', async () => {
    const id = await open('put', 700, 'sue');
    expect(await usage('sue')).toEqual([700, 1]);
    await putObject(storage, `${id}/source`, 700);
    expect((await look(later(20_000))).decisions, 'before its time').toEqual([]);
    expect((await look(later(31_000))).decisions).toEqual(['finished']);
    expect(await row(id)).toMatchObject({ state: 'processing', upload_state: 'uploaded', size_bytes: 700n });
    expect(await usage('sue')).toEqual([700, 0]);
  });

  test('stored parts, and joins them when all are there in full', async () => {
    const id = await open('multipart', PART + 100);
    await directUploads.parts(await upload(id));
    await sendPart(id, 2, 99);
    await sendPart(id, 1, PART);
    expect((await look(later(31_000))).decisions).toEqual([]);
    expect((await directUploads.parts(await upload(id))).parts.map(({ number }) => number)).toEqual([2]);
    await sendPart(id, 2, 100);
    expect((await look(later(2 * MINUTE))).decisions).toEqual(['finished']);
    expect(await storage.head(`${id}/source`)).toMatchObject({ size_bytes: PART + 100 });
    expect(await multipartsOf(id)).toEqual([]);
    expect(await requestsOf(id)).toBe(1);
  });

  test('less and less often: each pause is as long as the upload was old', async () => {
    const id = await open('put', 10);
    const { created_at } = await upload(id);
    const lookedAt = async (seconds: number) => {
      const now = new Date(created_at.getTime() + seconds * 1_000);
      await look(now);
      const { updated_at } = await db.database.client.upload_session.findUniqueOrThrow({
        where: { upload_id: id },
      });
      return updated_at.getTime() === now.getTime();
    };
    const looks: number[] = [];
    for (let seconds = 10; seconds <= 3_000; seconds += 10) if (await lookedAt(seconds)) looks.push(seconds);
    expect(looks.slice(0, 5)).toEqual([40, 90, 190, 390, 790]);
    expect(looks.length).toBeLessThan(12);
    await db.database.transaction((tx) => deleteMedia(tx, settings, id, 'ann'));
  });
});

describe('a direct upload that is not as announced ends, with a reason', () => {
  test('after another size: it fails, and its bytes are removed and refunded', async () => {
    const id = await open('put', 700, 'liz');
    await putObject(storage, `${id}/source`, 701);
    expect(await directUploads.complete(await upload(id), 'event')).toBe('failed');
    expect(await row(id)).toMatchObject({
      state: 'failed',
      upload_state: 'failed',
      failure_code: 'size_mismatch',
    });
    expect(await keysBelow(storage, `${id}/`)).toEqual([]);
    expect(await usage('liz')).toEqual([0, 0]);
    expect(await requestsOf(id)).toBe(0);
    await expect(directUploads.signPut(await upload(id))).rejects.toMatchObject({
      problem: { code: 'upload_gone' },
    });
    expect(await db.database.transaction((tx) => redriveMedia(tx, settings, id))).toEqual({
      refused: 'failed',
    });
    // A client may still use a URL that was signed before: later objects are swept.
    await putObject(storage, `${id}/source`, 700);
    await runDuty(sweepPrefixes({ database: db.database, storage }), later(settings.sweepAgainMs + MINUTE));
    expect(await keysBelow(storage, `${id}/`)).toEqual([]);
  });

  test('after the storage lost its multipart upload', async () => {
    const id = await open('multipart', PART + 1);
    await directUploads.parts(await upload(id));
    const { s3_upload_id } = await upload(id);
    await storage.client.send(
      new AbortMultipartUploadCommand({
        Bucket: storage.bucket,
        Key: `${id}/source`,
        UploadId: s3_upload_id,
      }),
    );
    await expect(directUploads.parts(await upload(id))).rejects.toMatchObject({
      problem: { code: 'upload_gone' },
    });
    // A Complete may be running, which hides both: only time tells.
    expect((await look(later(31_000))).decisions).toEqual([]);
    expect(await row(id)).toMatchObject({ state: 'uploading' });
    await db.database.client.upload_session.update({
      where: { upload_id: id },
      data: { completing_at: new Date(Date.now() - 11 * MINUTE) },
    });
    expect((await look(later(20 * MINUTE))).decisions).toEqual(['lost']);
    expect(await row(id)).toMatchObject({ state: 'failed', failure_code: 'source_missing' });
  });

  test('while a Complete is at work, a second one and the sweeper wait for it', async () => {
    const id = await open('multipart', PART + 1);
    const signed = await directUploads.parts(await upload(id));
    for (const { url, size_bytes } of signed.parts)
      expect((await fetch(url, { method: 'PUT', body: new Uint8Array(size_bytes) })).status).toBe(200);
    // As versitygw does it: until the object is there, the multipart upload is not.
    const { multipart } = storage;
    const started = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const missing = new S3ServiceException({
      name: 'NoSuchUpload',
      $fault: 'client',
      $metadata: { httpStatusCode: 404 },
    });
    const complete = multipart.complete.bind(multipart);
    const completes = vi.spyOn(multipart, 'complete').mockImplementation(async (...args) => {
      vi.spyOn(multipart, 'listParts').mockRejectedValue(missing);
      started.resolve();
      await mayEnd.promise;
      await complete(...args);
    });
    try {
      const first = directUploads.complete(await upload(id), 'client');
      await started.promise;
      expect(await directUploads.complete(await upload(id), 'client')).toBe('assembling');
      expect((await look(later(31_000))).decisions).toEqual([]);
      expect(await row(id)).toMatchObject({ state: 'uploading' });
      mayEnd.resolve();
      expect(await first).toBe('finished');
      expect(completes).toHaveBeenCalledOnce();
      expect(await row(id)).toMatchObject({ state: 'processing' });
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('time and deletion', () => {
  test('an abandoned multipart upload is aborted in the storage, even if its id was lost', async () => {
    const id = await open('multipart', PART + 1, 'tom');
    await directUploads.parts(await upload(id));
    await sendPart(id, 1, PART);
    await db.database.client.upload_session.update({
      where: { upload_id: id },
      data: { s3_upload_id: null },
    });
    expect(await multipartsOf(id)).toHaveLength(1);
    await passTime(id);
    await expirer.runOnce();
    expect(await row(id)).toMatchObject({ state: 'expired', upload_state: 'expired' });
    expect(await multipartsOf(id)).toEqual([]);
    expect(await usage('tom')).toEqual([0, 0]);
  });

  test('an upload sent in time but noticed late is finished, not expired', async () => {
    const id = await open('put', 50);
    await putObject(storage, `${id}/source`, 50);
    await passTime(id);
    await expirer.runOnce();
    expect(await row(id)).toMatchObject({ state: 'processing', upload_state: 'uploaded' });
    expect(await keysBelow(storage, `${id}/`)).toEqual([`${id}/source`]);
  });

  test('a deleted upload stays deleted, whatever arrives', async () => {
    const id = await open('multipart', PART + 1);
    await directUploads.parts(await upload(id));
    const before = await upload(id);
    await sendPart(id, 1, PART);
    await sendPart(id, 2, 1);
    await db.database.transaction((tx) => deleteMedia(tx, settings, id, 'ann'));
    // As it was read before the deletion.
    expect(await directUploads.complete(before, 'event')).toBe('known');
    await expirer.runOnce();
    expect(await row(id)).toMatchObject({ state: 'deleted' });
    expect(await multipartsOf(id)).toEqual([]);
    expect(await keysBelow(storage, `${id}/`)).toEqual([]);
  });
});

test('client, event and sweeper at the same moment make one object and one request', async () => {
  const id = await open('multipart', PART + 1);
  // Two replicas learn of it at the same time: the storage keeps one multipart upload.
  const first = await upload(id);
  await Promise.all([directUploads.parts(first), directUploads.parts(first)]);
  expect(await multipartsOf(id)).toHaveLength(1);
  await sendPart(id, 1, PART);
  await sendPart(id, 2, 1);
  const whole = await upload(id);
  const settlements = await Promise.all(
    (['client', 'event', 'sweeper', 'client', 'event'] as const).map((by) =>
      directUploads.complete(whole, by),
    ),
  );
  expect(settlements.filter((settlement) => settlement === 'finished')).toHaveLength(1);
  expect(new Set(settlements)).not.toContain('failed');
  expect(await requestsOf(id)).toBe(1);
  expect(await row(id)).toMatchObject({ state: 'processing', size_bytes: BigInt(PART + 1) });
});
