import type { Database } from '@claimcheck/database/database';
import type { DomainConfig } from '../../media/record/domain-config.ts';
import { expireOrphan, listOrphans } from '../../media/removal/orphans.ts';
import { forEachPage, type SweepTask } from './sweep-task.ts';

/** Unreferenced media: `expiring`, and after the grace `expired`. */
export const expireOrphans = (options: { database: Database; settings: DomainConfig }): SweepTask => ({
  name: 'orphans',
  outcomes: ['expiring', 'expired', 'brought_back'],
  run: (pass) =>
    forEachPage(
      pass,
      (after, limit) => listOrphans(options.database, pass.now, after, limit),
      (id) => id,
      async (page) => {
        for (const media_object_id of page) {
          if (pass.isOver()) return;
          try {
            const decision = await options.database.transaction((tx) =>
              expireOrphan(tx, options.settings, media_object_id, pass.now),
            );
            if (decision !== 'left') pass.decided(decision, { media_object_id });
          } catch (error) {
            pass.failed(error, { media_object_id });
          }
        }
      },
    ),
});
