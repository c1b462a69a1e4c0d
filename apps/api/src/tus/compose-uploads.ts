import type { Bus } from '@claimcheck/platform/nats/bus';
import { finalizeUpload } from '../media/uploads/finalize-upload.ts';
import { UploadSessions } from '../media/uploads/upload-sessions.ts';
import type { HttpContext } from '../request/context.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './store/engine.ts';
import { TusError } from './store/tus-error.ts';
import { UploadLocker } from './store/upload-locker.ts';
import { type OnStored, UploadStore } from './store/upload-store.ts';
import { UploadServer } from './upload-server.ts';

/** The upload engine of one process, put together. */
export interface Uploads {
  engine: Engine;
  sessions: UploadSessions;
  locker: UploadLocker;
  store: UploadStore;
  server: UploadServer;
}

const finalizer =
  (context: HttpContext, sessions: UploadSessions): OnStored =>
  async (session) => {
    const { database, settings, logger } = context;
    if (session.is_partial) return sessions.finishPartial(session.upload_id, session.length);
    const first = await database.autocommit((on) =>
      finalizeUpload(on, settings, session.upload_id, session.length),
    );
    if (!first) {
      // It was finished before; or it was ended while its last bytes were on their way.
      if ((await sessions.find(session.upload_id))?.phase !== 'complete') throw new TusError('upload_gone');
      return;
    }
    logger.info({ upload: session.upload_id, size_bytes: session.length }, 'upload finished');
  };

export const composeUploads = (context: HttpContext, bus: Bus): Uploads => {
  const { config, database, settings, logger } = context;
  const sessions = new UploadSessions(database, settings);
  const engine = createEngine(context, sessions);
  const locker = new UploadLocker(sessions, bus);
  const store = new UploadStore(engine, finalizer(context, sessions));
  const server = new UploadServer({
    store,
    locker,
    publicUrl: config.publicUrl,
    maxBytes: config.maxUploadBytes,
    logger,
  });
  return { engine, sessions, locker, store, server };
};
