import { randomUUID } from 'node:crypto';
import { keptOfCutRequest } from '@claimcheck/platform/keeps-cut-requests';
import type { Logger } from '@claimcheck/platform/logger';
import type { Storage } from '@claimcheck/platform/storage';

/**
 * Whether writes need checksums, because the store takes a request that was cut off for a whole one: an attempt
 * that was given up may arrive after the one that succeeded, and would take the place of its part. A store that
 * can't be asked may be such a one.
 */
export const needsChecksums = async (storage: Storage, logger: Logger): Promise<boolean> => {
  const prefix = `${randomUUID()}/`;
  try {
    const kept = await keptOfCutRequest(storage, storage.client, `${prefix}cut`);
    if (kept === undefined) return false;
    logger.warn('the store keeps requests that are cut off: what is written there carries checksums');
    await storage.deletePrefix(prefix);
    return true;
  } catch (error) {
    logger.warn({ err: error }, 'the store could not be asked whether it keeps requests that are cut off');
    return true;
  }
};
