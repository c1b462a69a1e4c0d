import type { Lease, UploadSession, UploadSessions } from '../media/upload-sessions.ts';
import type { HttpContext } from '../request/context.ts';
import type { Engine } from './store/engine.ts';
import { storeWhole } from './store/finish-upload.ts';
import { MemoryBudget } from './store/memory-budget.ts';
import { PartSender } from './store/part-sender.ts';

export interface StoreUpload {
  /**
   * Makes one object of an upload whose bytes are all stored, under its lease.
   *
   * @throws TusError `upload_gone` when the storage has lost it: the upload is ended
   */
  store: (lease: Lease, session: UploadSession & { length: number }) => Promise<void>;
  close: () => void;
}

/** The engine's own way to finish an upload, for whoever finds one that its client did not come back to. */
export const createStoreUpload = (
  context: Pick<HttpContext, 'config' | 'storage' | 'failpoint' | 'logger' | 'metrics'>,
  sessions: UploadSessions,
): StoreUpload => {
  const { config, storage, failpoint, logger, metrics } = context;
  const sender = new PartSender({ ...config.storage, onRequest: metrics.onStorageRequest });
  const engine: Engine = {
    sessions,
    storage,
    sender,
    budget: new MemoryBudget(config.uploadMemoryBytes),
    idleMs: config.uploadIdleMs,
    maxUploadBytes: config.maxUploadBytes,
    failpoint,
    logger,
  };
  return {
    store: async (lease, session) => {
      const tails = await sessions.tails(session.upload_id);
      const bytes = tails.reduce((sum, tail) => sum + tail.size_bytes, 0);
      await storeWhole(engine, lease, session, { tails, chunks: [], bytes, giveBack: () => {} });
    },
    close: () => sender.close(),
  };
};
