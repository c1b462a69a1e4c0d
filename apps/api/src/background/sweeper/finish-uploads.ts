import { tailPrefix } from '@claimcheck/contracts/object-keys';
import type { Database } from '@claimcheck/database/database';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { DomainConfig } from '../../media/record/domain-config.ts';
import { finalizeUpload } from '../../media/uploads/finalize-upload.ts';
import { claimUnfinished } from '../../media/uploads/unfinished-uploads.ts';
import type { Acquired, Lease, UploadSession } from '../../media/uploads/upload-session.ts';
import type { UploadSessions } from '../../media/uploads/upload-sessions.ts';
import type { SweepRun, SweepTask } from './sweep-task.ts';

type WholeSession = UploadSession & { length: number };

interface Options {
  database: Database;
  sessions: UploadSessions;
  storage: Pick<Storage, 'head' | 'deletePrefix'>;
  settings: DomainConfig;
  /** Joins the stored parts of an upload into one object, in the upload engine's own way. */
  store: (lease: Lease, session: WholeSession) => Promise<void>;
}

const BATCH = 20;

const isWhole = (session: UploadSession): session is WholeSession => session.length !== undefined;

const storeChecked = async (
  { store, storage }: Options,
  lease: Lease,
  session: WholeSession,
): Promise<void> => {
  await store(lease, session);
  // The stored object counts, not the answer of the completing call.
  const object = await storage.head(session.object_storage_key);
  if (object?.size_bytes !== session.length)
    throw new Error(`the object has ${object?.size_bytes ?? 'no'} bytes instead of ${session.length}`);
};

const finish = async (options: Options, { lease, session }: Acquired): Promise<'finished' | 'left'> => {
  if (!isWhole(session)) return 'left';
  const { database, settings, sessions, storage } = options;
  const { upload_id, length } = session;
  // Nothing is stored for an empty file.
  if (length > 0) await storeChecked(options, lease, session);
  if (session.is_partial) await sessions.finishPartial(upload_id, length);
  else if (!(await database.transaction((tx) => finalizeUpload(tx, settings, upload_id, length))))
    return 'left';
  // No request reads them again.
  await storage.deletePrefix(tailPrefix(upload_id));
  return 'finished';
};

const tryFinish = async (options: Options, pass: SweepRun, due: Acquired): Promise<void> => {
  const { upload_id } = due.session;
  try {
    const decision = await finish(options, due);
    if (decision === 'finished') pass.decided(decision, { upload: upload_id });
  } catch (error) {
    pass.failed(error, { upload: upload_id });
  } finally {
    await release(options, pass, due);
  }
};

/** Releases a lease. A failure must not affect the rest of the batch; the lease ends by itself. */
const release = async ({ sessions }: Options, pass: SweepRun, due: Acquired): Promise<void> => {
  try {
    await sessions.release(due.lease);
  } catch (error) {
    pass.failed(error, { upload: due.session.upload_id });
  }
};

/** Finishes uploads whose bytes are all stored and whose last request died before it could record that. */
export const finishUploads = (options: Options): SweepTask => ({
  name: 'unfinished_uploads',
  outcomes: ['finished'],
  run: async (pass) => {
    const batch = await claimUnfinished(options.database, options.sessions.processId, pass.now, BATCH);
    for (const due of batch)
      if (pass.isOver()) await release(options, pass, due);
      else await tryFinish(options, pass, due);
  },
});
