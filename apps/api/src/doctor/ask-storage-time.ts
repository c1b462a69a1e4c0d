import type { Storage } from '@claimcheck/platform/s3/storage';
import { type Check, skipped } from './check.ts';
import { checkClock } from './check-clock.ts';
import { requestStore } from './request-store.ts';

/** HTTP dates have whole seconds: the real time is up to a second later. */
const RESOLUTION_MS = 1_000;

/** Reads the store's clock from the date of any answer; signatures are compared with it. @throws without an answer */
export const askStorageTime = async (endpoint: string, { tls }: Pick<Storage, 'tls'>): Promise<Check[]> => {
  const sent = Date.now();
  const response = await requestStore(endpoint, tls, { method: 'HEAD' });
  const received = Date.now();
  const time = Date.parse(response.header('date'));
  return Number.isNaN(time)
    ? [skipped('clock of the store', 'its answers have no date')]
    : [checkClock('the store', new Date(time), { sent: sent - RESOLUTION_MS, received })];
};
