import type { Database } from '@claimcheck/database/database';
import { createLogger } from '@claimcheck/platform/process/logger';
import { DirectStorage } from '@claimcheck/platform/s3/direct-storage';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { DirectUploads } from '../../src/direct/direct-uploads.ts';
import type { DomainConfig } from '../../src/media/record/domain-config.ts';

/** Creates direct uploads as in a process without failpoints; their findings are not reported. */
export const createTestDirectUploads = (
  database: Database,
  storage: Storage,
  settings: DomainConfig,
): DirectUploads =>
  new DirectUploads({
    database,
    settings,
    storage,
    direct: new DirectStorage(storage),
    failpoint: () => {},
    logger: createLogger('test', 'silent'),
    onChecked: () => {},
  });
