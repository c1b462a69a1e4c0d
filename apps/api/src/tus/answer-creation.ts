import type { Request, Response } from 'express';
import { type Allowance, readAllowance } from '../media/quota/allowance.ts';
import { assertSameFile } from '../media/uploads/assert-same-file.ts';
import { createPartialUpload, createUpload } from '../media/uploads/create-upload.ts';
import { partSizeFor } from '../media/uploads/part-size.ts';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { setQuotaHeaders } from '../request/quota-headers.ts';
import { chargeCreation } from '../request/rate-limit.ts';
import type { Uploads } from './compose.ts';
import { createFinalUpload } from './create-final-upload.ts';
import { announceUpload, fromDraft } from './draft-uploads.ts';
import { parseCreation, parsePartialCreation } from './parse-creation.ts';
import { assertTusVersion, checksumOf, isOctets } from './upload-server.ts';

export interface Routes {
  context: HttpContext;
  uploads: Uploads;
  access: {
    /** @throws ProblemError `upload_gone` */
    assertUsable: (session: UploadSession) => Promise<void>;
    /** Returns the same upload, finished if all of its bytes are stored. */
    finished: (request: Request, session: UploadSession) => Promise<UploadSession>;
  };
}

const isUpload = (request: Request): boolean =>
  isOctets(request.get('content-type')) && (request.get('content-length') ?? '1') !== '0';

/** Answers POST (tus 1.0.0, sections "Creation" and "Concatenation"). A key that names an upload already returns that one. */
export const answerCreation = async (routes: Routes, request: Request, response: Response): Promise<void> => {
  chargeCreation(routes.context, response);
  assertTusVersion(request);
  const checksum = checksumOf(request);
  const concat = request.get('upload-concat');
  if (concat?.startsWith('final;')) return createFinal(routes, request, response, concat);
  const { context, uploads, access } = routes;
  const { config, database, settings } = context;
  const { session, created, allowance } = await makeSession(routes, request, response);
  setQuotaHeaders(response, allowance ?? (await readAllowance(database, settings, session.owner_user_id)));
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
  const about = { request, session, checksum, isNew: true, ...fromDraft(request, response) };
  // An empty upload is finished by its creation.
  if (isUpload(request) && session.length !== 0)
    await uploads.server.createWith(request, response, { ...about, lease });
  else
    await uploads.server.handle(request, response, {
      ...about,
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
): Promise<{ session: UploadSession; created: boolean; allowance?: Allowance }> => {
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
