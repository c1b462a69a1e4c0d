import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { DomainConfig } from '../../media/record/domain-config.ts';
import { OVERDUE_OUTCOMES } from '../../media/results/decide-overdue.ts';
import { listOverdue, type OverdueMedia, resolveOverdue } from '../../media/results/overdue-media.ts';
import { findWaiting } from './request-queue.ts';
import { forEachPage, type SweepRun, type SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  bus: Pick<Bus, 'manager' | 'streams' | 'subjects'>;
  settings: DomainConfig;
}

/** No spinner outlives its deadline: what is past it is extended, re-driven or settled. */
export const resolveOverdueMedia = ({ database, bus, settings }: Options): SweepTask => {
  /** A broker that is away tells nothing: then everything waits, as long as it may. */
  const waitingOf = async (pass: SweepRun, page: OverdueMedia[]): Promise<(id: string) => boolean> => {
    try {
      const waiting = await findWaiting(bus, page);
      return (id) => waiting.has(id);
    } catch (error) {
      pass.failed(error, { what: 'the queue could not be read' });
      return () => true;
    }
  };

  return {
    name: 'overdue_media',
    outcomes: OVERDUE_OUTCOMES.filter((outcome) => outcome !== 'left'),
    run: (pass) =>
      forEachPage(
        pass,
        (after, limit) => listOverdue(database, pass.now, after, limit),
        ({ media_object_id }) => media_object_id,
        async (page) => {
          const isWaiting = await waitingOf(pass, page);
          for (const overdue of page) {
            if (pass.isOver()) return;
            const { media_object_id, epoch } = overdue;
            try {
              const decision = await database.transaction((tx) =>
                resolveOverdue(tx, settings, overdue, {
                  isWaiting: isWaiting(media_object_id),
                  now: pass.now,
                }),
              );
              if (decision !== 'left') pass.decided(decision, { media_object_id, epoch });
            } catch (error) {
              pass.failed(error, { media_object_id, epoch });
            }
          }
        },
      ),
  };
};
