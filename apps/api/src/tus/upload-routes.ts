import { type Request, type RequestHandler, type Response, Router } from 'express';
import { assertSameFile } from '../media/uploads/assert-same-file.ts';
import { createPartialUpload, createUpload } from '../media/uploads/create-upload.ts';
import { partSizeFor } from '../media/uploads/part-size.ts';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { authenticate, authenticateUpload, identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { setQuotaHeaders } from '../request/quota-headers.ts';
import { chargeCreation } from '../request/rate-limit.ts';
import type { Uploads } from './compose.ts';
import { createFinalUpload } from './create-final-upload.ts';
import { announceUpload, draftUploads, fromDraft, prepareAppend } from './draft-uploads.ts';
import { endUpload } from './end-upload.ts';
import { parseCreation, parsePartialCreation } from './parse-creation.ts';
import { CHECKSUM_ALGORITHMS, ExpectedChecksum } from './store/checksum.ts';
import { assertOctets, assertTusVersion, isOctets, tusHeaders } from './tus-headers.ts';
import { UploadAccess } from './upload-access.ts';

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

const isUpload = (request: Request): boolean =>
  isOctets(request.get('content-type')) && (request.get('content-length') ?? '1') !== '0';

interface Routes {
  context: HttpContext;
  uploads: Uploads;
  access: UploadAccess;
}

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
  router.post('/', asUser, limited, (request, response) => create(routes, request, response));
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
  { context, uploads, access }: Routes,
  request: Request,
  response: Response,
): Promise<void> => {
  assertTusVersion(request);
  assertOctets(request.get('content-type'));
  const checksum = ExpectedChecksum.parse(request.get('upload-checksum'));
  // Not copied: another request may ask this very object to release the upload.
  const about = await access.openToWrite(request, response);
  about.checksum = checksum;
  try {
    // The bytes of a final upload are those of its parts (section "Concatenation").
    if (about.session.concat?.startsWith('final;')) throw new ProblemError('tus_protocol', { status: 403 });
    prepareAppend(request, response, about.session);
    if (response.locals.draft?.offset === undefined)
      announceUpload(request, response, about.session, context.config);
    await uploads.server.handle(request, response, Object.assign(about, fromDraft(request, response)));
  } finally {
    // The protocol may refuse a request before it reaches the lock.
    if (about.lease !== undefined) await uploads.locker.release(about.lease);
  }
};

const create = async (routes: Routes, request: Request, response: Response): Promise<void> => {
  chargeCreation(routes.context, response);
  assertTusVersion(request);
  const checksum = ExpectedChecksum.parse(request.get('upload-checksum'));
  const concat = request.get('upload-concat');
  if (concat?.startsWith('final;')) return createFinal(routes, request, response, concat);
  const { context, uploads, access } = routes;
  const { config, database, settings } = context;
  const { session, created } = await makeSession(routes, request, response);
  await setQuotaHeaders(response, database, settings, session.owner_user_id);
  announceUpload(request, response, session, config);
  if (!created) {
    if (session.protocol !== 'tus' && session.phase !== 'complete')
      throw new ProblemError('client_key_conflict', {
        field: 'client_media_id',
        media_object_id: session.upload_id,
      });
    await access.assertUsable(session);
    answerCreated(response, await access.finished(request, session), config.publicUrl);
    return;
  }
  const lease = { upload_id: session.upload_id, owner: uploads.sessions.processId, fencingToken: 1 };
  await uploads.server.handle(request, response, {
    request,
    session,
    checksum,
    isNew: true,
    ...fromDraft(request, response),
    lease: isUpload(request) ? lease : undefined,
  });
};

const createFinal = async (
  { context, uploads, access }: Routes,
  request: Request,
  response: Response,
  concat: string,
): Promise<void> => {
  const { user_id: userId } = identityOf(response);
  const { final, created } = await createFinalUpload(context, uploads, { request, concat, userId });
  if (created) response.locals.createdUpload = 'tus';
  await access.assertUsable(final);
  answerCreated(response, final, context.config.publicUrl);
};

/** Creates the row of a new upload, with a lease if bytes follow in the same request. */
const makeSession = async (
  { context, uploads }: Routes,
  request: Request,
  response: Response,
): Promise<{ session: UploadSession; created: boolean }> => {
  const { config, database, settings } = context;
  const header = (name: string) => request.get(name);
  const concat = header('upload-concat');
  if (concat !== undefined && concat !== 'partial')
    throw new ProblemError('tus_protocol', { field: 'Upload-Concat' });
  const common = (length: number | undefined) => ({
    owner_user_id: identityOf(response).user_id,
    length,
    part_size: partSizeFor(length ?? config.maxUploadBytes),
    raw_metadata: header('upload-metadata'),
    concat,
    lease_owner: isUpload(request) ? uploads.sessions.processId : undefined,
  });
  if (concat === 'partial') {
    const { length } = parsePartialCreation(header, config.maxUploadBytes);
    const session = await database.autocommit((on) => createPartialUpload(on, settings, common(length)));
    return { session, created: true };
  }
  const { length, metadata } = parseCreation(header, config.maxUploadBytes);
  const made = await database.autocommit((on) => createUpload(on, settings, { ...common(length), metadata }));
  if (made.created) response.locals.createdUpload = 'tus';
  else await assertSameFile(database, made.session, { length, sha256: metadata.sha256 });
  return made;
};

const answerCreated = (response: Response, session: UploadSession, publicUrl: string): void => {
  response.locals.upload = session;
  response
    .status(201)
    .set({
      Location: `${publicUrl}/v1/uploads/${session.upload_id}`,
      'Upload-Offset': String(session.offset),
    })
    .end();
};
