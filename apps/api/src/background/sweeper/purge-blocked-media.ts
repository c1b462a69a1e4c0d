import type { Database } from '@claimcheck/database/database';
import { FIRST_ID } from '@claimcheck/database/first-id';
import { listPurgeable, purgeBlocked } from '../../media/removal/purge-blocked.ts';
import { forEachPage, type SweepTask } from './sweep-task.ts';

/** `VIRUS_POLICY=hard`: no row of an infected media object stays once every conversation has been notified. */
export const purgeBlockedMedia = ({ database }: { database: Database }): SweepTask => ({
  name: 'blocked_media',
  outcomes: ['purged'],
  run: (pass) =>
    forEachPage(
      pass,
      FIRST_ID,
      (after, limit) => listPurgeable(database, after, limit),
      async (page) => {
        for (const media_object_id of page) {
          if (pass.isOver()) return;
          try {
            const isPurged = await database.transaction((tx) => purgeBlocked(tx, media_object_id));
            if (isPurged) pass.decided('purged', { media_object_id });
          } catch (error) {
            pass.failed(error, { media_object_id });
          }
        }
      },
    ),
});
