import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { createLogger } from '@claimcheck/platform/process/logger';
import { Storage } from '@claimcheck/platform/s3/storage';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { UploadExpirer } from '../src/background/upload-expirer.ts';
import { deleteMedia } from '../src/media/lifecycle/delete-media.ts';
import type { DomainConfig } from '../src/media/record/domain-config.ts';
import { createPartialUpload, createUpload } from '../src/media/uploads/create-upload.ts';
import { finalizeUpload } from '../src/media/uploads/finalize-upload.ts';
import { renewUpload } from '../src/media/uploads/renew-upload.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { createTestDatabase, settings as defaults, type TestDatabase } from './harness/test-database.ts';
import { createTestDirectUploads } from './harness/test-direct-uploads.ts';

let db: TestDatabase;
let storage: Storage;
let settings: DomainConfig;
const started: UploadSessions[] = [];

beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  storage = new Storage({
    endpoint: stack.S3_ENDPOINT ?? '',
    region: stack.S3_REGION ?? '',
    bucket: stack.S3_BUCKET ?? '',
    keys: () => ({
      accessKeyId: stack.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stack.S3_SECRET_ACCESS_KEY ?? '',
    }),
    forcePathStyle: true,
  });
  settings = { ...defaults, bucket: storage.bucket };
});
afterAll(async () => {
  for (const sessions of started) await sessions.stop();
  storage?.close();
  await db?.close();
});

const logger = createLogger('test', 'silent');

/** An expirer as one replica has it. */
const replica = async () => {
  const sessions = new UploadSessions(db.database, settings);
  await sessions.start((error) => {
    throw error;
  });
  started.push(sessions);
  const outcomes: string[] = [];
  const expirer = new UploadExpirer({
    database: db.database,
    sessions,
    storage,
    directUploads: createTestDirectUploads(db.database, storage, settings),
    settings,
    logger,
    everyMs: 60_000,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  return { sessions, expirer, outcomes };
};

const SIZE = 1_000;
const open = async (owner_user_id = 'ann'): Promise<string> => {
  const { session } = await db.database.transaction((tx) =>
    createUpload(tx, settings, {
      owner_user_id,
      length: SIZE,
      part_size: 8_388_608,
      metadata: { filename: 'a.bin', filetype: 'application/octet-stream' },
    }),
  );
  return session.upload_id;
};

const piece = async (owner_user_id: string): Promise<string> => {
  const session = await db.database.transaction((tx) =>
    createPartialUpload(tx, settings, { owner_user_id, length: SIZE, part_size: 8_388_608 }),
  );
  return session.upload_id;
};

const passTime = (...ids: string[]) =>
  db.database.client.upload_session.updateMany({
    where: { upload_id: { in: ids } },
    data: { expires_at: new Date(Date.now() - 1_000) },
  });

const put = (key: string, size_bytes = SIZE) =>
  storage.put(key, Buffer.alloc(size_bytes), { size_bytes, content_type: 'application/octet-stream' });

const keysOf = async (id: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of storage.list(`${id}/`)) keys.push(key);
  return keys;
};

const beginMultipart = async (id: string): Promise<void> => {
  const Key = `${id}/source`;
  const { UploadId } = await storage.client.send(
    new CreateMultipartUploadCommand({ Bucket: storage.bucket, Key }),
  );
  await db.database.client.upload_session.update({
    where: { upload_id: id },
    data: { s3_upload_id: UploadId ?? null },
  });
};

const multipartsOf = async (id: string): Promise<number> => {
  const answer = await storage.client.send(
    new ListMultipartUploadsCommand({ Bucket: storage.bucket, Prefix: `${id}/source` }),
  );
  return answer.Uploads?.length ?? 0;
};

const stateOf = async (id: string) => {
  const session = await db.database.client.upload_session.findUniqueOrThrow({ where: { upload_id: id } });
  const media = await db.database.client.media_object.findUnique({ where: { media_object_id: id } });
  return { phase: session.phase, lease: session.lease_owner, state: media?.state };
};

const usageOf = async (owner: string) => {
  const row = await db.database.client.user_usage.findUnique({ where: { owner_user_id: owner } });
  return { bytes: Number(row?.bytes ?? 0), open: row?.open_uploads ?? 0 };
};

test('an upload that no client resumed expires, and leaves nothing; one with time left is unaffected', async () => {
  const { expirer, outcomes } = await replica();
  const [late, early, foreign] = [await open('exp'), await open('exp'), await open('other')];
  for (const id of [late, early, foreign]) {
    await beginMultipart(id);
    await put(`${id}/tail/10-1`);
  }
  await passTime(late);
  expect(await expirer.runOnce()).toBe(1);
  expect(await stateOf(late)).toEqual({ phase: 'expired', lease: null, state: 'expired' });
  expect([await keysOf(late), await multipartsOf(late)]).toEqual([[], 0]);
  expect(await usageOf('exp')).toEqual({ bytes: SIZE, open: 1 });
  for (const id of [early, foreign]) {
    expect(await stateOf(id)).toMatchObject({ phase: 'open', state: 'uploading' });
    expect([(await keysOf(id)).length, await multipartsOf(id)]).toEqual([1, 1]);
  }
  expect(outcomes).toEqual(['expired']);
  expect(await expirer.runOnce()).toBe(0);
});

test('an upload that never declared its length expires too', async () => {
  const { expirer } = await replica();
  const id = await open('deferred');
  await db.database.client.upload_session.update({
    where: { upload_id: id },
    data: { length: null, offset: 5 },
  });
  await passTime(id);
  await expirer.runOnce();
  expect(await stateOf(id)).toMatchObject({ phase: 'expired', state: 'expired' });
  expect(await usageOf('deferred')).toEqual({ bytes: 0, open: 0 });
});

test('a finished upload is unaffected, however old', async () => {
  const { expirer } = await replica();
  const id = await open();
  await put(`${id}/source`);
  await db.database.transaction((tx) => finalizeUpload(tx, settings, id, SIZE));
  await passTime(id);
  await expirer.runOnce();
  expect(await stateOf(id)).toMatchObject({ phase: 'complete', state: 'processing' });
  expect(await keysOf(id)).toEqual([`${id}/source`]);
});

test('an upload whose completion was not recorded is finished if its object is whole, else expired', async () => {
  const { expirer, outcomes } = await replica();
  const [whole, short, none] = [await open('fin'), await open('fin'), await open('fin')];
  await put(`${whole}/source`);
  await put(`${short}/source`, SIZE - 1);
  await db.database.client.upload_session.updateMany({
    where: { upload_id: { in: [whole, short, none] } },
    data: { phase: 'completing' },
  });
  await passTime(whole, short, none);
  await expirer.runOnce();
  expect(await stateOf(whole)).toEqual({ phase: 'complete', lease: null, state: 'processing' });
  expect(await stateOf(short)).toMatchObject({ phase: 'expired', state: 'expired' });
  expect(await stateOf(none)).toMatchObject({ phase: 'expired', state: 'expired' });
  expect([await keysOf(whole), await keysOf(short)]).toEqual([[`${whole}/source`], []]);
  expect(outcomes.toSorted()).toEqual(['expired', 'expired', 'finished']);
  expect(await usageOf('fin')).toEqual({ bytes: SIZE, open: 0 });
});

test.each(['open', 'completing'] as const)(
  'one with all of its bytes is left for others to finish, but not for ever (%s)',
  async (phase) => {
    const { expirer } = await replica();
    const id = await open();
    await beginMultipart(id);
    await db.database.client.upload_session.update({
      where: { upload_id: id },
      data: { phase, offset: SIZE },
    });
    await passTime(id);
    await expirer.runOnce();
    expect(await stateOf(id)).toMatchObject({ phase, state: 'uploading' });
    expect(await multipartsOf(id)).toBe(1);
    await db.database.client.upload_session.update({
      where: { upload_id: id },
      data: { expires_at: new Date(Date.now() - 3_601_000) },
    });
    await expirer.runOnce();
    expect(await stateOf(id)).toMatchObject({ phase: 'expired', state: 'expired' });
  },
);

test('pieces that no upload joined are removed, finished or not', async () => {
  const { expirer, sessions } = await replica();
  const [finished, unfinished] = [await piece('pieces'), await piece('pieces')];
  await put(`${finished}/source`);
  await sessions.finishPartial(finished, SIZE);
  expect(await usageOf('pieces')).toEqual({ bytes: 2 * SIZE, open: 1 });
  await passTime(finished, unfinished);
  await expirer.runOnce();
  for (const id of [finished, unfinished]) expect(await stateOf(id)).toMatchObject({ phase: 'expired' });
  expect(await keysOf(finished)).toEqual([]);
  expect(await usageOf('pieces')).toEqual({ bytes: 0, open: 0 });
});

test('an upload with a live writer is left alone; one with a dead writer expires', async () => {
  const { expirer } = await replica();
  const writer = await replica();
  const id = await open();
  expect(await writer.sessions.acquire(id)).toBeDefined();
  await passTime(id);
  await expirer.runOnce();
  expect(await stateOf(id)).toMatchObject({ phase: 'open' });
  await db.database.client.process_heartbeat.update({
    where: { process_id: writer.sessions.processId },
    data: { beat_at: new Date(Date.now() - 60_000) },
  });
  await expirer.runOnce();
  expect(await stateOf(id)).toMatchObject({ phase: 'expired', state: 'expired' });
  // The old writer, back from its pause, gets `upload_gone`.
  await expect(writer.sessions.acquire(id)).rejects.toMatchObject({ problem: { code: 'upload_gone' } });
});

test('an upload deleted while it ran is cleaned up too, and stays deleted', async () => {
  const { expirer, outcomes } = await replica();
  const id = await open('del');
  await beginMultipart(id);
  await db.database.transaction((tx) => deleteMedia(tx, settings, id, 'del'));
  await expirer.runOnce();
  expect(await stateOf(id)).toEqual({ phase: 'expired', lease: null, state: 'deleted' });
  expect(await multipartsOf(id)).toBe(0);
  expect(outcomes).toEqual(['discarded']);
  expect(await usageOf('del')).toEqual({ bytes: 0, open: 0 });
});

test('a failing storage leaves an upload ended, to be cleaned up later; others are not delayed', async () => {
  const { sessions, expirer } = await replica();
  const [bad, good] = [await open('fail'), await open('fail')];
  await put(`${bad}/tail/10-1`);
  await passTime(bad, good);
  const failing = new UploadExpirer({
    database: db.database,
    sessions,
    storage: {
      head: (key) => storage.head(key),
      multipart: { abort: (key, id) => storage.multipart.abort(key, id) },
      deletePrefix: async (prefix) => {
        if (prefix.startsWith(bad)) throw new Error('the storage is away');
        await storage.deletePrefix(prefix);
      },
    },
    directUploads: createTestDirectUploads(db.database, storage, settings),
    settings,
    logger,
    everyMs: 60_000,
  });
  expect(await failing.runOnce()).toBe(1);
  expect(await stateOf(bad)).toEqual({ phase: 'aborted', lease: null, state: 'expired' });
  expect(await usageOf('fail')).toEqual({ bytes: 0, open: 0 });
  expect(await expirer.runOnce()).toBe(1);
  expect(await stateOf(bad)).toMatchObject({ phase: 'expired', state: 'expired' });
  expect(await keysOf(bad)).toEqual([]);
});

test('two replicas at once settle each upload once', async () => {
  const [one, two] = [await replica(), await replica()];
  const ids: string[] = [];
  for (let index = 0; index < 60; index += 1) ids.push(await open('race'));
  await passTime(...ids);
  const settled = await Promise.all([one.expirer.runOnce(), two.expirer.runOnce()]);
  expect(settled[0] + settled[1]).toBe(60);
  expect([...one.outcomes, ...two.outcomes]).toEqual(Array.from({ length: 60 }, () => 'expired'));
  expect(await usageOf('race')).toEqual({ bytes: 0, open: 0 });
  const told = await db.database.client.outbox.findMany({
    where: { subject: settings.subjects.mediaUpdated },
  });
  const names = told.map(
    ({ payload }) => (payload as { media: { media_object_id: string } }).media.media_object_id,
  );
  for (const id of ids) expect(names.filter((name) => name === id)).toHaveLength(1);
});

test('a renewed upload gets its time again; an expired one cannot be renewed', async () => {
  const { expirer } = await replica();
  const [kept, lost] = [await open(), await open()];
  const renew = (id: string, user = 'ann') =>
    db.database.transaction((tx) => renewUpload(tx, settings, id, user));
  await passTime(lost);
  await expect(renew(lost)).rejects.toMatchObject({ problem: { code: 'upload_gone' } });
  await expect(renew(kept, 'ben')).rejects.toMatchObject({ problem: { code: 'not_found' } });
  const { expires_at } = await renew(kept);
  expect(expires_at.getTime()).toBeGreaterThan(Date.now() + settings.uploadTtlMs - 60_000);
  await expirer.runOnce();
  expect([(await stateOf(kept)).phase, (await stateOf(lost)).phase]).toEqual(['open', 'expired']);
  await db.database.transaction((tx) => finalizeUpload(tx, settings, kept, SIZE));
  await expect(renew(kept)).rejects.toMatchObject({ problem: { code: 'upload_finished' } });
});

test('the process that holds a claim it failed to release takes it up again', async () => {
  const { sessions, expirer, outcomes } = await replica();
  const id = await open();
  const due = await sessions.acquire(id);
  expect(due?.lease.owner).toBe(sessions.processId);
  const expires_at = new Date(Date.now() - 1_000);
  await db.database.client.upload_session.update({ where: { upload_id: id }, data: { expires_at } });
  await expirer.runOnce();
  expect(outcomes).toEqual([]);
  const updated_at = new Date(Date.now() - 11 * 60_000);
  await db.database.client.upload_session.update({ where: { upload_id: id }, data: { updated_at } });
  await expirer.runOnce();
  expect(outcomes).toEqual(['expired']);
});
