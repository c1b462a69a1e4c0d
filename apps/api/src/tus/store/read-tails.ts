import { buffer } from 'node:stream/consumers';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Progress, StoredTail } from '../../media/uploads/upload-parts.ts';

/** Reads tails in parallel, and returns them in order. @throws when one is not of the size in its row */
export const readTails = (storage: Storage, tails: readonly StoredTail[]): Promise<Buffer[]> =>
  Promise.all(
    tails.map(async (tail) => {
      const { body } = await storage.get(tail.key);
      const bytes = await buffer(body);
      if (bytes.length !== tail.size_bytes)
        throw new Error(`tail ${tail.key} has ${bytes.length} bytes instead of ${tail.size_bytes}`);
      return bytes;
    }),
  );

/** Returns the fields of a commit for tails that a part, or a longer tail, has absorbed. */
export const joined = (tails: readonly StoredTail[]): Pick<Progress, 'tails_joined'> => {
  const last = tails.at(-1);
  return last === undefined ? {} : { tails_joined: last.number };
};
