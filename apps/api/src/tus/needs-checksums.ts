import { randomUUID } from 'node:crypto';
import type { Logger } from '@claimcheck/platform/process/logger';
import { within } from '@claimcheck/platform/process/within';
import { keptOfCutRequest } from '@claimcheck/platform/s3/kept-of-cut-request';
import type { Storage } from '@claimcheck/platform/s3/storage';

/** A hanging store must not delay the write that asks for longer than this. */
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
 * Returns whether writes need checksums, because the store accepts truncated requests: an abandoned attempt may arrive after
 * the successful one, and would replace its part. Other stores may refuse checksums with which the multipart upload was not
 * opened, so a store that does not answer gets none, and is asked again at the next write. Never rejects.
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
