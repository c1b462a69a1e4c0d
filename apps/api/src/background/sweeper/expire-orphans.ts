import type { Database } from '@claimcheck/database/database';
import type { MediaSettings } from '../../media/record/media-settings.ts';
import { listOrphans, settleOrphan } from '../../media/removal/orphans.ts';
import { type Duty, forEachPage } from './duty.ts';

/** Media that nobody refers to: `expiring`, and after the grace `expired`. */
export const expireOrphans = (options: { database: Database; settings: MediaSettings }): Duty => ({
  name: 'orphans',
  decisions: ['expiring', 'expired', 'brought_back'],
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
              settleOrphan(tx, options.settings, media_object_id, pass.now),
            );
            if (decision !== 'left') pass.decided(decision, { media_object_id });
          } catch (error) {
            pass.failed(error, { media_object_id });
          }
        }
      },
    ),
});
