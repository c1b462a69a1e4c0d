import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createUpload } from '../src/media/uploads/create-upload.ts';
import { UploadSessions } from '../src/media/uploads/upload-sessions.ts';
import { UploadLocker } from '../src/tus/store/upload-locker.ts';
import { UploadRequests } from '../src/tus/store/upload-store.ts';
import { createTestBus, type TestBus } from './harness/test-bus.ts';
import { createTestDatabase, settings, type TestDatabase } from './harness/test-database.ts';

let db: TestDatabase;
let broker: TestBus;

beforeAll(async () => {
  const stack = inject('stack');
  db = await createTestDatabase(stack.DATABASE_URL ?? '');
  broker = await createTestBus(stack.NATS_URL ?? '');
});
afterAll(async () => {
  await broker?.close();
  await db?.close();
});

/** Simulates a process with leases: it lives, and receives requests to release them. */
const startProcess = async () => {
  const sessions = new UploadSessions(db.database, settings);
  await sessions.start((error) => {
    throw error;
  });
  return { sessions, locker: new UploadLocker(sessions, await broker.connect(), new UploadRequests()) };
};

test('a lease that a living process failed to release is released when another one asks', async () => {
  const [holder, other] = await Promise.all([startProcess(), startProcess()]);
  try {
    const { session } = await db.database.autocommit((on) =>
      createUpload(on, settings, {
        owner_user_id: 'ann',
        length: 1_000,
        part_size: 8_388_608,
        metadata: { filename: 'a.bin', filetype: 'application/octet-stream' },
      }),
    );
    // As the row stays when the database is down at the end of a request: its locker knows of no lease.
    expect(await holder.sessions.acquire(session.upload_id)).toBeDefined();
    expect(await other.sessions.acquire(session.upload_id)).toBeUndefined();
    const { lease } = await other.locker.acquire(session.upload_id, () => {});
    expect(lease.owner).toBe(other.sessions.processId);
  } finally {
    await Promise.all([holder.sessions.stop(), other.sessions.stop()]);
  }
});
