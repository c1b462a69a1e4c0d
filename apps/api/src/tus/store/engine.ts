import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { UploadSessions } from '../../media/uploads/upload-sessions.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { PartSender } from './part-sender.ts';

/** Dependencies that an upload's bytes need on their way; made once per process. */
export interface Engine {
  sessions: UploadSessions;
  sender: PartSender;
  storage: Storage;
  budget: MemoryBudget;
  /** A connection that is silent for so long is ended, its bytes kept. Milliseconds. */
  idleMs: number;
  maxUploadBytes: number;
  failpoint: Failpoint;
  logger: Logger;
}
