import { CUT_REQUEST_BYTES, keptOfCutRequest } from '@claimcheck/platform/s3/kept-of-cut-request';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { type Check, passed, warned } from './check.ts';

const NAME = 'cut requests';

/**
 * Checks whether the store accepts a request that ends before its `Content-Length`: a partial upload would then become a
 * file.
 *
 * @param key of no media object; the caller removes it
 */
export const checkCutRequests = async (storage: Storage, key: string): Promise<Check[]> => {
  const kept = await keptOfCutRequest(storage, storage.publicClient, key);
  return [
    kept === undefined
      ? passed(NAME, 'the store keeps nothing of a request that is cut off')
      : warned(
          NAME,
          `the store keeps ${kept} of ${CUT_REQUEST_BYTES} bytes of a request that was cut off, as if it had been whole`,
          'use a release of the store that refuses it (versitygw: later than 1.8.0); until then uploads past us are safe only from clients that send Content-MD5, as the SDK does',
        ),
  ];
};
