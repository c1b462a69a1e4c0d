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

/** One by one: each that fails is reported by itself, and does not delay the others. */
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
    // One of them fails all: which one shows when each has a transaction of its own.
    await expireEach(options, run, ids);
  }
};

/** Unreferenced media: `expiring`, and after the grace `expired`. */
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
