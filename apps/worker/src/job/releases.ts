import { json } from 'node:stream/consumers';
import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';
import { epochPrefix } from '@claimcheck/contracts/object-keys';
import { isMissing } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { z } from 'zod';
import { epochOf } from './epoch-of.ts';

// The broker counts deliveries, but not why they ended. The number that an orderly shutdown released is stored next
// to the derivatives, so that restarts do not use up the attempts of a long video.

const MARKER = 'released.json';
const schema = z.object({ released: z.int().nonnegative() });

const markerKey = (request: OptimizeRequest): string =>
  `${epochPrefix(request.mediaId, epochOf(request))}${MARKER}`;

/** Counts the deliveries of this epoch that an orderly shutdown released. */
export const countReleases = async (storage: Storage, request: OptimizeRequest): Promise<number> => {
  try {
    const { body } = await storage.get(markerKey(request));
    return schema.parse(await json(body)).released;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
};

/** Adds one. If the store does not answer, the release costs an attempt. */
export const addRelease = async (storage: Storage, request: OptimizeRequest): Promise<void> => {
  try {
    const released = (await countReleases(storage, request)) + 1;
    const body = Buffer.from(JSON.stringify({ released }));
    await storage.put(markerKey(request), body, {
      size_bytes: body.length,
      content_type: 'application/json',
    });
  } catch {
    // The shutdown continues all the same.
  }
};

/** Removes the count of a request that is done. */
export const forgetReleases = (storage: Storage, request: OptimizeRequest): Promise<void> =>
  storage.delete([markerKey(request)]);
