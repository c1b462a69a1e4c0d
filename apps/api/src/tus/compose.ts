import type { Bus } from '@claimcheck/platform/nats/bus';
import { finalizeFrom, finalizeUpload } from '../media/uploads/finalize-upload.ts';
import type { Lease, UploadSession } from '../media/uploads/upload-session.ts';
import { UploadSessions } from '../media/uploads/upload-sessions.ts';
import type { HttpContext } from '../request/context.ts';
import type { Engine } from './store/engine.ts';
import { finishObject, loadRemainder } from './store/finish-upload.ts';
import { MemoryBudget } from './store/memory-budget.ts';
import { needsChecksums, PartSender } from './store/part-sender.ts';
import { TusError } from './store/tus-error.ts';
import { UploadLocker } from './store/upload-locker.ts';
import { type OnStored, UploadRequests, UploadStore } from './store/upload-store.ts';
import { UploadServer } from './upload-server.ts';

type EngineContext = Pick<HttpContext, 'config' | 'storage' | 'failpoint' | 'logger' | 'metrics'>;

/** The assembled upload engine of one process. */
export interface Uploads {
  engine: Engine;
  sessions: UploadSessions;
  locker: UploadLocker;
  store: UploadStore;
  server: UploadServer;
}

/** The caller closes its sender. */
const createEngine = (context: EngineContext, sessions: UploadSessions): Engine => {
  const { config, storage, failpoint, logger, metrics } = context;
  return {
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
  };
};

export interface Finisher {
  /**
   * Joins the parts of an upload whose bytes are all stored into one object, under its lease.
   *
   * @throws TusError `upload_gone` when the storage has lost it: the upload is ended
   */
  store: (lease: Lease, session: UploadSession & { length: number }) => Promise<void>;
  close: () => void;
}

/** The engine's own way to finish an upload, for the sweeper, when the client has not returned. */
export const createFinisher = (context: EngineContext, sessions: UploadSessions): Finisher => {
  const engine = createEngine(context, sessions);
  return {
    store: async (lease, session) =>
      finishObject(engine, lease, session, await loadRemainder(engine, session.upload_id)),
    close: () => engine.sender.close(),
  };
};

const finalizer =
  ({ database, settings, logger }: HttpContext, sessions: UploadSessions): OnStored =>
  async (session) => {
    if (session.is_partial) return sessions.finishPartial(session.upload_id, session.length);
    const { upload_id, length, created } = session;
    const first = await database.autocommit((on) =>
      created === undefined
        ? finalizeUpload(on, settings, upload_id, length)
        : finalizeFrom(on, settings, created, length),
    );
    if (!first) {
      // Either it was finished before, or it was ended while its last bytes were in transit.
      if ((await sessions.find(session.upload_id))?.phase !== 'complete') throw new TusError('upload_gone');
      return;
    }
    logger.info({ upload: session.upload_id, size_bytes: session.length }, 'upload finished');
  };

export const composeUploads = (context: HttpContext, bus: Bus): Uploads => {
  const { config, database, settings, logger } = context;
  const sessions = new UploadSessions(database, settings);
  const engine = createEngine(context, sessions);
  const requests = new UploadRequests();
  const locker = new UploadLocker(sessions, bus, requests);
  const store = new UploadStore(engine, requests, finalizer(context, sessions));
  const { publicUrl, maxUploadBytes: maxBytes } = config;
  const server = new UploadServer({ store, locker, requests, publicUrl, maxBytes, logger });
  return { engine, sessions, locker, store, server };
};
