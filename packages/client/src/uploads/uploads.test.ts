import { afterEach, expect, test, vi } from 'vitest';
import { createHttp } from '../http.ts';
import { memoryStore } from '../store/memory-store.ts';
import { Records } from '../store/records.ts';
import { Tokens } from '../tokens.ts';
import type { UploadRecord } from './upload-record.ts';
import { DEFAULT_UPLOAD_SETTINGS } from './upload-settings.ts';
import { UploadManager } from './uploads.ts';

afterEach(() => void vi.useRealTimers());

test('without space for its bytes, the store still knows which file has to be chosen again', async () => {
  const store = memoryStore();
  const full = {
    ...store,
    set: async (key: string, value: unknown) => {
      if ((value as UploadRecord).file) throw new DOMException('full', 'QuotaExceededError');
      await store.set(key, value);
    },
  };
  const before = managerWith(full);
  before.begin(new Blob(['hello']), { filename: 'hello.txt' });
  await expect.poll(async () => (await store.list('')).length).toBe(1);
  before.close();
  const after = managerWith(full);
  await after.restore();
  expect(await after.interrupted()).toMatchObject([
    { filename: 'hello.txt', error: { code: 'file_missing' } },
  ]);
});

const managerWith = (store = memoryStore()) => {
  const records = new Records<UploadRecord>(
    store,
    async () => 'test|',
    () => {},
  );
  const http = createHttp('http://127.0.0.1:9', new Tokens(() => 'token'));
  return new UploadManager({
    http,
    records,
    settings: DEFAULT_UPLOAD_SETTINGS,
    maxRequestBytes: async () => undefined,
  });
};

test('an upload cancelled right after the choice leaves no record, and does not return', async () => {
  vi.useFakeTimers();
  const store = memoryStore();
  const opened = Promise.withResolvers<void>();
  const changes: string[] = [];
  const manager = managerWith({
    ...store,
    list: () => opened.promise.then(() => []),
    set: async (key, value) => {
      changes.push('set');
      await store.set(key, value);
    },
    delete: async (key) => {
      changes.push('delete');
      await store.delete(key);
    },
  });
  const upload = manager.begin(new File(['hello'], 'hello.txt', { lastModified: 1 }), {});
  await upload.cancel();
  vi.runAllTimers();
  vi.useRealTimers();
  opened.resolve();
  await expect.poll(() => changes).toContain('delete');
  expect(changes).toEqual(['set', 'set', 'delete']);
  await expect.poll(() => manager.find(upload.id)).toBeUndefined();
  expect(await store.list('')).toEqual([]);
});
