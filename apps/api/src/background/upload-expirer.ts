import { prefixOf } from '@claimcheck/contracts/object-keys';
import type { Database } from '@claimcheck/database/database';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Multipart } from '@claimcheck/platform/s3/multipart';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { DirectOutcome } from '../direct/complete-direct-upload.ts';
import type { DirectUploads } from '../direct/direct-uploads.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';
import { type DirectUpload, isDirect } from '../media/uploads/direct-sessions.ts';
import { claimDueUploads, closeExpired, expireUpload } from '../media/uploads/expire-upload.ts';
import { finalizeUpload } from '../media/uploads/finalize-upload.ts';
import type { Acquired, UploadSession } from '../media/uploads/upload-session.ts';
import type { UploadSessions } from '../media/uploads/upload-sessions.ts';

/**
 * `discarded`: finished partial uploads that were never joined, and ended uploads that were not cleaned up.
 * `settled`: uploads that the client sent to the storage, and that were found there.
 */
export const EXPIRER_OUTCOMES = ['expired', 'finished', 'discarded', 'left', 'settled'] as const;
type Outcome = (typeof EXPIRER_OUTCOMES)[number];

export interface UploadExpirerOptions {
  database: Database;
  sessions: UploadSessions;
  storage: Pick<Storage, 'head' | 'deletePrefix'> & { multipart: Pick<Multipart, 'abort'> };
  directUploads: Pick<DirectUploads, 'complete' | 'abort'>;
  settings: DomainConfig;
  logger: Logger;
  everyMs: number;
  onOutcome?: (outcome: Outcome, upload: UploadSession) => void;
  onError?: () => void;
}

const BATCH = 50;

/**
 * Ends abandoned uploads and removes their objects from the storage, each by its own key and id, never by listing the
 * bucket. Safe in any number of replicas: each process works on an upload under its lease.
 */
export class UploadExpirer {
  readonly #options: UploadExpirerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: UploadExpirerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.runOnce()
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'expiry of uploads interrupted'))
      .finally(() => {
        if (!this.#stopped) this.#timer = setTimeout(() => this.start(), this.#options.everyMs);
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Works through all uploads that are due. @returns how many were settled */
  async runOnce(): Promise<number> {
    const { database, sessions } = this.#options;
    for (let settled = 0; ; ) {
      const due = await claimDueUploads(database, sessions.processId, BATCH);
      let failed = 0;
      for (const upload of due) if (!(await this.#tryExpire(upload))) failed += 1;
      settled += due.length - failed;
      // The next run retries the uploads that failed; this one does not.
      if (due.length < BATCH || failed > 0 || this.#stopped) return settled;
    }
  }

  async #tryExpire(due: Acquired): Promise<boolean> {
    const { sessions, logger, onOutcome } = this.#options;
    const upload = due.lease.upload_id;
    try {
      if (this.#stopped) return false;
      const outcome = await this.#expire(due);
      onOutcome?.(outcome, due.session);
      logger.info({ upload, outcome }, 'upload past its time');
      return true;
    } catch (error) {
      this.#options.onError?.();
      logger.warn({ err: error, upload }, 'an upload past its time could not be settled');
      return false;
    } finally {
      // A failed release must not affect the rest of the batch; the upload is claimed again later.
      await sessions.release(due.lease).catch((error: unknown) => {
        logger.warn({ err: error, upload }, 'the lease of an upload past its time could not be given back');
      });
    }
  }

  async #expire({ lease, session }: Acquired): Promise<Outcome> {
    const { database, settings } = this.#options;
    const direct = isDirect(session) ? await this.#completeDirect(session) : undefined;
    if (direct === 'finished' || direct === 'failed') return 'settled';
    if (direct === 'assembling') return 'left';
    if (session.phase === 'completing' && (await this.#finish(session))) return 'finished';
    if (!(await database.transaction((tx) => expireUpload(tx, settings, lease)))) return 'left';
    await this.#clean(session);
    await database.transaction((tx) => closeExpired(tx, lease));
    return session.phase === 'open' || session.phase === 'completing' ? 'expired' : 'discarded';
  }

  /** The storage joined the parts, and the process that requested it died before recording the result. */
  async #finish(session: UploadSession): Promise<boolean> {
    const { database, settings, sessions, storage } = this.#options;
    const { upload_id, length } = session;
    const object = await storage.head(session.object_storage_key);
    if (length === undefined || object?.size_bytes !== length) return false;
    if (!session.is_partial)
      return database.autocommit((on) => finalizeUpload(on, settings, upload_id, length));
    await sessions.finishPartial(upload_id, length);
    return true;
  }

  /** Completes a direct upload that is late but not lost. */
  async #completeDirect(upload: DirectUpload): Promise<DirectOutcome | undefined> {
    return upload.phase === 'open' ? this.#options.directUploads.complete(upload, 'expirer') : undefined;
  }

  async #clean(session: UploadSession): Promise<void> {
    const { storage, directUploads } = this.#options;
    // Ends a multipart upload too whose id was not recorded.
    if (isDirect(session) && session.protocol === 'multipart') await directUploads.abort(session);
    // This comes first: a late Complete then has nothing to complete.
    if (session.s3_upload_id !== undefined)
      await storage.multipart.abort(session.object_storage_key, session.s3_upload_id);
    await storage.deletePrefix(prefixOf(session.upload_id));
  }
}
