import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { UploadSessions } from '../../media/uploads/upload-sessions.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PartSender } from './part-sender.ts';

/** Dependencies of the bytes' path, created once per process. */
export interface Engine {
  sessions: UploadSessions;
  sender: PartSender;
  storage: Storage;
  budget: MemoryBudget;
  /** A connection that is silent for this long is ended, and its bytes are kept. Milliseconds. */
  idleMs: number;
  maxUploadBytes: number;
  failpoint: Failpoint;
  logger: Logger;
}
