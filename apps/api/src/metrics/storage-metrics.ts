import { Counter, Gauge, type Registry } from '@claimcheck/platform/process/metrics';
import { type OnStorageRequest, STORAGE_OPERATIONS } from '@claimcheck/platform/s3/request-handler';
import type { StoredClass } from '../media/reports/stored-bytes.ts';

/** Requests to the store and the bytes in it. Dashboards multiply them by prices. */
export const createStorageMetrics = (registry: Registry) => {
  const registers = [registry];
  const requests = new Counter({
    name: 'claimcheck_storage_requests_total',
    help: 'Requests to the store, retries included',
    labelNames: ['operation'],
    registers,
  });
  for (const operation of STORAGE_OPERATIONS) requests.inc({ operation }, 0);
  const storedBytes = new Gauge({
    name: 'claimcheck_stored_bytes',
    help: 'Bytes kept at the latest count; unfinished: parts of open uploads',
    labelNames: ['class'],
    registers,
  });
  const storedBytesCountedAt = new Gauge({
    name: 'claimcheck_stored_bytes_counted_at_seconds',
    help: 'Time of the latest count of stored bytes',
    // No series before the first count: only processes that count have one.
    labelNames: ['class'],
    registers,
  });
  const setStoredBytes = (kind: StoredClass, bytes: number, at: Date): void => {
    storedBytes.set({ class: kind }, bytes);
    storedBytesCountedAt.set({ class: kind }, at.getTime() / 1_000);
  };
  const onStorageRequest: OnStorageRequest = (operation) => requests.inc({ operation });
  return { setStoredBytes, onStorageRequest };
};
