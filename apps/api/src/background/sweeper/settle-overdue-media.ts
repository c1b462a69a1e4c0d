import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { MediaSettings } from '../../media/record/media-settings.ts';
import { listOverdue, type OverdueMedia, settleOverdue } from '../../media/results/overdue-media.ts';
import { type Duty, forEachPage, type Pass } from './duty.ts';
import { findWaiting } from './request-queue.ts';

interface Options {
  database: Database;
  bus: Pick<Bus, 'manager' | 'streams' | 'subjects'>;
  settings: MediaSettings;
}

/** No spinner outlives its deadline: what is past it is extended, re-driven or settled. */
export const settleOverdueMedia = ({ database, bus, settings }: Options): Duty => {
  /** A broker that is away tells nothing: then everything waits, as long as it may. */
  const waitingOf = async (pass: Pass, page: OverdueMedia[]): Promise<(id: string) => boolean> => {
    try {
      const waiting = await findWaiting(bus, page);
      return (id) => waiting.has(id);
    } catch (error) {
      pass.failed(error, { what: 'the queue could not be looked at' });
      return () => true;
    }
  };

  return {
    name: 'overdue_media',
    decisions: ['extended', 'redriven', 'offered', 'degraded', 'failed', 'given_up'],
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
                settleOverdue(tx, settings, overdue, isWaiting(media_object_id), pass.now),
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
