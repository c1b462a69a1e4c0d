import type { Database } from '@claimcheck/database/database';
import { DirectStorage } from '@claimcheck/platform/direct-storage';
import { createLogger } from '@claimcheck/platform/logger';
import type { Storage } from '@claimcheck/platform/storage';
import { DirectUploads } from '../../src/direct/direct-uploads.ts';
import type { MediaSettings } from '../../src/media/media-settings.ts';

/** As a process without failpoints has it; what it finds is told to nobody. */
export const createTestDirectUploads = (
  database: Database,
  storage: Storage,
  settings: MediaSettings,
): DirectUploads =>
  new DirectUploads({
    database,
    settings,
    storage,
    direct: new DirectStorage(storage),
    failpoint: () => {},
    logger: createLogger('test', 'silent'),
    onSettled: () => {},
  });
