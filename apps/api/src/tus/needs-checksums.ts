import { randomUUID } from 'node:crypto';
import type { Logger } from '@claimcheck/platform/process/logger';
import { within } from '@claimcheck/platform/process/within';
import { keptOfCutRequest } from '@claimcheck/platform/s3/kept-of-cut-request';
import type { Storage } from '@claimcheck/platform/s3/storage';

/** A store that hangs must not hold up the write that asks for longer. */
const PATIENCE_MS = 5_000;

const ask = async (storage: Storage, logger: Logger): Promise<boolean> => {
  const prefix = `${randomUUID()}/`;
  const kept = await keptOfCutRequest(storage, storage.client, `${prefix}cut`);
  if (kept === undefined) return false;
  logger.warn('the store keeps requests that are cut off: what is written there carries checksums');
  await storage.deletePrefix(prefix);
  return true;
};

/**
 * Says whether writes need checksums, because the store takes a request that was cut off for a whole one: an
 * attempt that was given up may arrive after the one that succeeded, and would take the place of its part.
 * Others may refuse checksums that the multipart upload was not opened with, so a store that can't be asked gets
 * none, and is asked again with the next write. Never rejects.
 */
export const needsChecksums = (storage: Storage, logger: Logger): (() => Promise<boolean>) => {
  let answer: Promise<boolean> | undefined;
  return () => {
    answer ??= within(PATIENCE_MS, () => ask(storage, logger)).catch((error: unknown) => {
      logger.warn({ err: error }, 'the store could not be asked whether it keeps requests that are cut off');
      answer = undefined;
      return false;
    });
    return answer;
  };
};
