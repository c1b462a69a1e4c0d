import type { Lease } from '../media/uploads/lease.ts';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import type { UploadSessions } from '../media/uploads/upload-sessions.ts';
import { createEngine, type EngineContext } from './create-engine.ts';
import { storedRemainder, storeWhole } from './store/finish-upload.ts';

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
export const createStoreUpload = (context: EngineContext, sessions: UploadSessions): StoreUpload => {
  const engine = createEngine(context, sessions);
  return {
    store: async (lease, session) =>
      storeWhole(engine, lease, session, await storedRemainder(engine, session.upload_id)),
    close: () => engine.sender.close(),
  };
};
