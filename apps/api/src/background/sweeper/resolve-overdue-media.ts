import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { DomainConfig } from '../../media/record/domain-config.ts';
import { OVERDUE_OUTCOMES } from '../../media/results/decide-overdue.ts';
import {
  extendWaiting,
  FIRST_OVERDUE,
  listOverdue,
  type OverdueMedia,
  resolveOverdue,
} from '../../media/results/overdue-media.ts';
import { findWaiting } from './request-queue.ts';
import { forEachPage, type SweepRun, type SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  bus: Pick<Bus, 'manager' | 'streams' | 'subjects'>;
  settings: DomainConfig;
}

/** If the broker does not answer, every media object waits, up to its last deadline. */
const waitingOf = async ({ bus }: Options, run: SweepRun, page: readonly OverdueMedia[]) => {
  try {
    const waiting = await findWaiting(bus, page);
    return page.filter(({ media_object_id }) => waiting.has(media_object_id));
  } catch (error) {
    run.failed(error, { what: 'the queue could not be read' });
    return [...page];
  }
};

const resolveEach = async (
  { database, settings }: Options,
  run: SweepRun,
  page: readonly OverdueMedia[],
  isWaiting: boolean,
): Promise<void> => {
  for (const overdue of page) {
    if (run.isOver()) return;
    const { media_object_id, epoch } = overdue;
    try {
      const outcome = await database.transaction((tx) =>
        resolveOverdue(tx, settings, overdue, { isWaiting, now: run.now }),
      );
      if (outcome !== 'left') run.decided(outcome, { media_object_id, epoch });
    } catch (error) {
      run.failed(error, { media_object_id, epoch });
    }
  }
};

const resolveWaiting = async (
  options: Options,
  run: SweepRun,
  waiting: readonly OverdueMedia[],
): Promise<void> => {
  const { database, settings } = options;
  try {
    const { extended, open } = await database.transaction((tx) =>
      extendWaiting(tx, settings, waiting, run.now),
    );
    for (const media_object_id of extended) run.decided('extended', { media_object_id });
    await resolveEach(options, run, open, true);
  } catch {
    // One bad media object fails the whole transaction. Separate transactions show which one it is.
    await resolveEach(options, run, waiting, true);
  }
};

/** Ensures that no spinner outlives its deadline: a media object past it is extended, processed again, or settled. */
export const resolveOverdueMedia = (options: Options): SweepTask => ({
  name: 'overdue_media',
  outcomes: OVERDUE_OUTCOMES.filter((outcome) => outcome !== 'left'),
  run: (run) =>
    forEachPage(
      run,
      FIRST_OVERDUE,
      (after, limit) => listOverdue(options.database, run.now, after, limit),
      async (page) => {
        const waiting = await waitingOf(options, run, page);
        if (waiting.length > 0) await resolveWaiting(options, run, waiting);
        const others = page.filter((overdue) => !waiting.includes(overdue));
        await resolveEach(options, run, others, false);
      },
    ),
});
