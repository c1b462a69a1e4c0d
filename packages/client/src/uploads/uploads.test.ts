import { afterEach, expect, test, vi } from 'vitest';
import { createHttp } from '../http.ts';
import { memoryStore } from '../store/memory-store.ts';
import { Records } from '../store/records.ts';
import type { UploadRecord } from './upload-record.ts';
import { DEFAULT_UPLOAD_SETTINGS } from './upload-settings.ts';
import { UploadManager } from './uploads.ts';

afterEach(() => void vi.useRealTimers());

const managerWith = (store = memoryStore()) => {
  const records = new Records<UploadRecord>(
    store,
    async () => 'test|',
    () => {},
  );
  const http = createHttp('http://127.0.0.1:9', () => 'token');
  return new UploadManager({ http, records, settings: { ...DEFAULT_UPLOAD_SETTINGS, maxFailuresInARow: 1 } });
};

test('cancelled as soon as it was chosen: nothing of it is kept, and it does not come back', async () => {
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
  await expect.poll(() => changes.length).toBe(2);
  expect(changes).toEqual(['set', 'delete']);
  await expect.poll(() => manager.find(upload.id)).toBeUndefined();
  expect(await store.list('')).toEqual([]);
});
