import type { UploadSessions } from '../media/uploads/upload-sessions.ts';
import type { HttpContext } from '../request/context.ts';
import { needsChecksums } from './needs-checksums.ts';
import type { Engine } from './store/engine.ts';
import { MemoryBudget } from './store/memory-budget.ts';
import { PartSender } from './store/part-sender.ts';

export type EngineContext = Pick<HttpContext, 'config' | 'storage' | 'failpoint' | 'logger' | 'metrics'>;

/** The caller closes its sender. */
export const createEngine = (
  { config, storage, failpoint, logger, metrics }: EngineContext,
  sessions: UploadSessions,
): Engine => ({
  sessions,
  storage,
  sender: new PartSender(storage, {
    ...config.storage,
    onRequest: metrics.onStorageRequest,
    needsChecksums: needsChecksums(storage, logger),
  }),
  budget: new MemoryBudget(config.uploadMemoryBytes),
  idleMs: config.uploadIdleMs,
  maxUploadBytes: config.maxUploadBytes,
  failpoint,
  logger,
});
