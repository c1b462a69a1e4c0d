import type { Database } from '@claimcheck/database/database';
import type { DirectUploads } from '../../direct/direct-uploads.ts';
import { claimDirectUploads, type DirectUpload } from '../../media/uploads/direct-sessions.ts';
import type { SweepRun, SweepTask } from './sweep-task.ts';

interface Options {
  database: Database;
  directUploads: Pick<DirectUploads, 'complete' | 'abandon'>;
}

const BATCH = 50;

const look = async ({ directUploads }: Options, pass: SweepRun, upload: DirectUpload): Promise<void> => {
  const fields = { upload: upload.upload_id };
  try {
    const settlement = await directUploads.complete(upload, 'sweeper');
    if (settlement === 'lost') await directUploads.abandon(upload);
    if (settlement === 'finished' || settlement === 'failed' || settlement === 'lost')
      pass.decided(settlement, fields);
  } catch (error) {
    pass.failed(error, fields);
  }
};

/** Checks direct uploads that neither the client nor the storage has reported as finished. */
export const pollDirectUploads = (options: Options): SweepTask => ({
  name: 'direct_uploads',
  outcomes: ['finished', 'failed', 'lost'],
  run: async (pass) => {
    for (;;) {
      const batch = await claimDirectUploads(options.database, pass.now, BATCH);
      for (const upload of batch) {
        // The others are marked as checked, and come up again later.
        if (pass.isOver()) return;
        await look(options, pass, upload);
      }
      if (batch.length < BATCH) return;
    }
  },
});
