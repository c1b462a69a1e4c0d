import { uuid } from '@claimcheck/contracts/ids';
import { isTombstone } from '@claimcheck/contracts/media';
import type { Database } from '@claimcheck/database/database';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { readMedia } from '../media/record/media-row.ts';
import { needsRecovery, type UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { authenticate, authenticateUpload, identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { answerCreation } from './answer-creation.ts';
import type { Uploads } from './compose.ts';
import { announceUpload, draftUploads, fromDraft, prepareAppend } from './draft-uploads.ts';
import { endUpload } from './end-upload.ts';
import { CHECKSUM_ALGORITHMS } from './store/checksum.ts';
import { releaser } from './store/upload-locker.ts';
import type { UploadRequest } from './store/upload-store.ts';
import { assertOctets, assertTusVersion, checksumOf, tusHeaders } from './upload-server.ts';

const EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'expiration',
  'checksum',
  'concatenation',
];
const OVERRIDABLE = ['PATCH', 'HEAD', 'DELETE'];

/** For clients and proxies that know only GET and POST. */
const overrideMethod: RequestHandler = (request, _response, next) => {
  const method = request.get('x-http-method-override')?.toUpperCase();
  if (request.method === 'POST' && method !== undefined && OVERRIDABLE.includes(method))
    request.method = method;
  next();
};

/**
 * `/v1/uploads`: checks access to an upload before the tus protocol. Another user's upload is 404 on every method. GET serves
 * nothing: downloads have separate routes.
 *
 * @param limited runs before an upload is created, once the caller is known
 */
export const uploadRoutes = (context: HttpContext, uploads: Uploads, limited: RequestHandler): Router => {
  const { config, database } = context;
  const access = new UploadAccess(database, uploads);
  const routes = { context, uploads, access };
  const asUser = authenticate(context);
  const asUserOrByTicket = authenticateUpload(context);
  const router = Router();
  router.use(overrideMethod, draftUploads(config.maxUploadBytes), tusHeaders);
  router.options('/{*path}', answerOptions(config.maxUploadBytes));
  router.post('/', asUser, limited, (request, response) => answerCreation(routes, request, response));
  router.head('/:id', asUserOrByTicket, async (request, response) => {
    await uploads.server.handle(request, response, await access.open(request, response));
  });
  router.patch('/:id', asUserOrByTicket, (request, response) => append(routes, request, response));
  router.delete('/:id', asUserOrByTicket, async (request, response) => {
    assertTusVersion(request);
    const session = await access.ownSession(request, response);
    await endUpload(context, uploads, session);
    response.status(204).end();
  });
  router.all('/{*path}', asUser, () => {
    throw new ProblemError('method_not_allowed');
  });
  return router;
};

const answerOptions =
  (maxUploadBytes: number): RequestHandler =>
  (_request, response) => {
    response
      .set({
        'Tus-Version': '1.0.0',
        'Tus-Extension': EXTENSIONS.join(','),
        'Tus-Max-Size': String(maxUploadBytes),
        'Tus-Checksum-Algorithm': CHECKSUM_ALGORITHMS.join(','),
      })
      .status(204)
      .end();
  };

const append = async (
  { context, uploads, access }: { context: HttpContext; uploads: Uploads; access: UploadAccess },
  request: Request,
  response: Response,
): Promise<void> => {
  assertTusVersion(request);
  assertOctets(request.get('content-type'));
  const checksum = checksumOf(request);
  // Not copied: another request may ask this very object to release the upload.
  const about = await access.openToWrite(request, response);
  about.checksum = checksum;
  try {
    // The bytes of a final upload are those of its parts (section "Concatenation").
    if (about.session.concat?.startsWith('final;')) throw new ProblemError('tus_protocol', { status: 403 });
    prepareAppend(request, response, about.session);
    if (response.locals.draft?.offset === undefined)
      announceUpload(request, response, about.session, context.config);
    await uploads.server.append(request, response, Object.assign(about, fromDraft(request, response)));
  } finally {
    if (about.lease !== undefined) await uploads.locker.release(about.lease);
  }
};

// An upload whose bytes are all stored can still be finished.
const isOverdue = (session: UploadSession): boolean =>
  session.phase !== 'complete' && !needsRecovery(session) && session.expires_at < new Date();

/** Finds the upload of a request, and checks that the caller owns it and can resume it. */
class UploadAccess {
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
    const media = await readMedia(this.#database, session.media_object_id);
    if (media === undefined || isTombstone(media.state)) throw gone;
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
      await store.finishAbandoned(scope);
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
