import type { Database } from '@claimcheck/database/database';
import type { DomainConfig } from '../../media/record/domain-config.ts';
import {
  type DueCursor,
  expireOrphan,
  expireOrphans,
  FIRST_DUE,
  listOrphans,
} from '../../media/removal/orphans.ts';
import { forEachPage, type SweepRun, type SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  settings: DomainConfig;
}

/** Expires orphans one by one: each failure is reported separately, and does not delay the others. */
const expireEach = async (
  { database, settings }: Options,
  run: SweepRun,
  ids: readonly string[],
): Promise<void> => {
  for (const media_object_id of ids) {
    if (run.isOver()) return;
    try {
      const decision = await database.transaction((tx) =>
        expireOrphan(tx, settings, media_object_id, run.now),
      );
      if (decision !== 'left') run.decided(decision, { media_object_id });
    } catch (error) {
      run.failed(error, { media_object_id });
    }
  }
};

const expireBatch = async (options: Options, run: SweepRun, batch: readonly DueCursor[]): Promise<void> => {
  const { database, settings } = options;
  const ids = batch.map(({ media_object_id }) => media_object_id);
  try {
    const decided = await database.transaction((tx) => expireOrphans(tx, settings, ids, run.now));
    for (const { decision, media_object_id } of decided)
      if (decision !== 'left') run.decided(decision, { media_object_id });
    const left = decided.filter(({ decision }) => decision === 'left');
    await expireEach(
      options,
      run,
      left.map(({ media_object_id }) => media_object_id),
    );
  } catch {
    // One bad orphan fails the whole statement. Separate transactions show which one it is.
    await expireEach(options, run, ids);
  }
};

/** Expires media without a reference: first `expiring`, then after the grace period `expired`. */
export const expireOrphanMedia = (options: Options): SweepTask => ({
  name: 'orphans',
  outcomes: ['expiring', 'expired', 'brought_back'],
  run: (run) =>
    forEachPage<DueCursor, DueCursor>(
      run,
      FIRST_DUE,
      (after, limit) => listOrphans(options.database, run.now, after, limit),
      (page) => expireBatch(options, run, page),
    ),
});
