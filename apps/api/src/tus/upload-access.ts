import { uuid } from '@claimcheck/contracts/ids';
import { isTombstone } from '@claimcheck/contracts/media';
import type { Database } from '@claimcheck/database/database';
import type { Request, Response } from 'express';
import { needsRecovery, type UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from '../request/authenticate.ts';
import type { Uploads } from './compose.ts';
import { releaser } from './store/upload-locker.ts';
import type { UploadRequest } from './store/upload-request.ts';
import { assertTusVersion } from './tus-headers.ts';

// An upload whose bytes are all stored can still be finished.
const isOverdue = (session: UploadSession): boolean =>
  session.phase !== 'complete' && !needsRecovery(session) && session.expires_at < new Date();

/** Finds the upload of a request, and checks that the caller owns it and can resume it. */
export class UploadAccess {
  readonly #database: Database;
  readonly #uploads: Uploads;

  constructor(database: Database, uploads: Uploads) {
    this.#database = database;
    this.#uploads = uploads;
  }

  /** @throws ProblemError `not_found`, also for another user's upload */
  async ownSession(request: Request, response: Response): Promise<UploadSession> {
    const uploadId = uuid.safeParse(request.params.id);
    const session = uploadId.success ? await this.#uploads.sessions.find(uploadId.data) : undefined;
    if (session === undefined || session.owner_user_id !== identityOf(response).user_id)
      throw new ProblemError('not_found');
    return session;
  }

  /** @throws ProblemError `upload_gone` for a deleted, blocked or lost upload, or one that expired unfinished */
  async assertUsable(session: UploadSession): Promise<void> {
    const gone = new ProblemError('upload_gone', { media_object_id: session.upload_id });
    if (session.phase === 'aborted' || session.phase === 'expired' || isOverdue(session)) throw gone;
    if (session.phase !== 'complete' || session.media_object_id === null) return;
    const media = await this.#database.client.media_object.findUnique({
      where: { media_object_id: session.media_object_id },
      select: { state: true },
    });
    if (media === null || isTombstone(media.state)) throw gone;
  }

  /** @throws ProblemError `tus_version` · `not_found` · `upload_gone` */
  async open(request: Request, response: Response): Promise<UploadRequest> {
    assertTusVersion(request);
    const session = await this.ownSession(request, response);
    await this.assertUsable(session);
    // Its bytes bypass the api, so ending it is the only possible request here.
    if (session.protocol !== 'tus' && session.phase !== 'complete') throw new ProblemError('not_found');
    return { request, session: await this.finished(request, session), isNew: false };
  }

  /**
   * Returns the same upload, finished if all of its bytes are stored.
   *
   * @throws ProblemError `upload_gone` · `upload_locked`
   */
  async finished(request: Request, session: UploadSession): Promise<UploadSession> {
    if (!needsRecovery(session)) return session;
    const { locker, store } = this.#uploads;
    const acquired = await locker.acquire(session.upload_id, () => {});
    const scope: UploadRequest = { request, isNew: false, ...acquired };
    try {
      if (needsRecovery(scope.session)) await store.recover(scope);
    } finally {
      await locker.release(acquired.lease);
    }
    await this.assertUsable(scope.session);
    return scope.session;
  }

  /** Returns it with its lease, if nothing prevents that. @throws as {@link open}, which finds the reason */
  async openToWrite(request: Request, response: Response): Promise<UploadRequest> {
    return (await this.#openFree(request, response)) ?? this.open(request, response);
  }

  async #openFree(request: Request, response: Response): Promise<UploadRequest | undefined> {
    assertTusVersion(request);
    const uploadId = uuid.safeParse(request.params.id);
    if (!uploadId.success) return undefined;
    const { locker } = this.#uploads;
    const asked: Pick<UploadRequest, 'releaseRequested' | 'onReleaseRequest'> = {};
    const { user_id } = identityOf(response);
    const acquired = await locker.acquireOwn(uploadId.data, user_id, releaser(asked));
    if (acquired === undefined) return undefined;
    if (!needsRecovery(acquired.session) && !isOverdue(acquired.session))
      return Object.assign(asked, { request, isNew: false, ...acquired });
    await locker.release(acquired.lease);
    return undefined;
  }
}
