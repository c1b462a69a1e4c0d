import type { Database } from '@claimcheck/database/database';
import type { DirectUploads } from '../../direct/direct-uploads.ts';
import { claimDirectUploads, type DirectUpload } from '../../media/uploads/direct-uploads.ts';
import type { Duty, Pass } from './duty.ts';

interface Options {
  database: Database;
  directUploads: Pick<DirectUploads, 'settle' | 'giveUp'>;
}

const BATCH = 50;

const look = async ({ directUploads }: Options, pass: Pass, upload: DirectUpload): Promise<void> => {
  const fields = { upload: upload.upload_id };
  try {
    const settlement = await directUploads.settle(upload, 'sweeper');
    if (settlement === 'lost') await directUploads.giveUp(upload);
    if (settlement === 'finished' || settlement === 'failed' || settlement === 'lost')
      pass.decided(settlement, fields);
  } catch (error) {
    pass.failed(error, fields);
  }
};

/** Uploads to the storage of which neither its client nor the storage has said that they are finished. */
export const lookAtDirectUploads = (options: Options): Duty => ({
  name: 'direct_uploads',
  decisions: ['finished', 'failed', 'lost'],
  run: async (pass) => {
    for (;;) {
      const batch = await claimDirectUploads(options.database, pass.now, BATCH);
      for (const upload of batch) {
        // The others were marked as looked at: their turn comes again.
        if (pass.isOver()) return;
        await look(options, pass, upload);
      }
      if (batch.length < BATCH) return;
    }
  },
});
