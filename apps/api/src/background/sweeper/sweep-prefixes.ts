import { parseKey, sourceKey } from '@claimcheck/contracts/object-keys';
import type { Database } from '@claimcheck/database/database';
import type { Multipart } from '@claimcheck/platform/s3/multipart';
import type { Storage } from '@claimcheck/platform/s3/storage';
import {
  claimSweeps,
  closeSweep,
  isSweepable,
  type PrefixSweep,
} from '../../media/lifecycle/prefix-sweeps.ts';
import type { SweepRun, SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  storage: Pick<Storage, 'deletePrefix'> & { multipart: Pick<Multipart, 'abortAll'> };
}

const BATCH = 50;

/** Ends multipart uploads too. If the storage does not allow listing them, their objects are deleted all the same. */
const empty = async (storage: Options['storage'], prefix: string): Promise<void> => {
  try {
    const { mediaObjectId, kind } = parseKey(prefix) ?? {};
    if (mediaObjectId !== undefined && kind === 'prefix')
      await storage.multipart.abortAll(sourceKey(mediaObjectId));
  } finally {
    await storage.deletePrefix(prefix);
  }
};

const sweep = async ({ database, storage }: Options, pass: SweepRun, claimed: PrefixSweep): Promise<void> => {
  const { prefix } = claimed;
  try {
    const sweepable = await isSweepable(database, claimed);
    if (sweepable) await empty(storage, prefix);
    await closeSweep(database, claimed);
    pass.decided(sweepable ? 'swept' : 'kept', { prefix });
  } catch (error) {
    pass.failed(error, { prefix });
  }
};

/** Deletes objects of tombstones and superseded epochs again, once no process can write there any longer. */
export const sweepPrefixes = (options: Options): SweepTask => ({
  name: 'prefixes',
  outcomes: ['swept', 'kept'],
  run: async (pass) => {
    while (!pass.isOver()) {
      const batch = await claimSweeps(options.database, pass.now, BATCH);
      // A later pass claims the prefixes that a full pass leaves claimed.
      for (const claimed of batch) if (!pass.isOver()) await sweep(options, pass, claimed);
      if (batch.length < BATCH) return;
    }
  },
});
