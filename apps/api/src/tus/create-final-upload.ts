import type { Request } from 'express';
import { createUpload } from '../media/create-upload.ts';
import { partSizeFor } from '../media/part-size.ts';
import { ProblemError } from '../media/problem-error.ts';
import type { UploadSession } from '../media/upload-sessions.ts';
import type { HttpContext } from '../request/context.ts';
import type { Uploads } from './compose-uploads.ts';
import { parseFinalConcat, parseMetadata } from './parse-creation.ts';
import { concatenate } from './store/concatenate.ts';

/** @throws ProblemError `not_found` for what is not one's own piece, `tus_protocol` for one that is not whole */
const ownPartials = async (uploads: Uploads, concat: string, userId: string): Promise<UploadSession[]> => {
  const found = await Promise.all(parseFinalConcat(concat).map((id) => uploads.sessions.find(id)));
  return found.map((session) => {
    if (session === undefined || !session.is_partial || session.owner_user_id !== userId)
      throw new ProblemError('not_found', { field: 'Upload-Concat' });
    if (session.phase !== 'complete')
      throw new ProblemError('tus_protocol', {
        field: 'Upload-Concat',
        detail: 'A partial upload is not finished.',
      });
    return session;
  });
};

/**
 * The last request of a concatenation (tus 1.0.0): partial uploads become one, which is finished when this
 * answers. The pieces are removed afterwards.
 */
export const createFinalUpload = async (
  { database, settings, config, storage, logger }: HttpContext,
  uploads: Uploads,
  request: Request,
  concat: string,
  userId: string,
): Promise<UploadSession> => {
  const partials = await ownPartials(uploads, concat, userId);
  const length = partials.reduce((sum, partial) => sum + partial.offset, 0);
  if (length > config.maxUploadBytes) throw new ProblemError('too_large', { field: 'Upload-Concat' });
  const raw_metadata = request.get('upload-metadata');
  const { session, created } = await database.transaction((tx) =>
    createUpload(tx, settings, {
      owner_user_id: userId,
      metadata: parseMetadata(raw_metadata),
      length,
      part_size: partSizeFor(length),
      raw_metadata,
      concat,
      pieces: partials.map(({ upload_id }) => upload_id),
    }),
  );
  if (!created && session.phase === 'complete') return session;
  const scope = { request, isNew: false, ...(await uploads.locker.acquire(session.upload_id, () => {})) };
  try {
    const withBytes = partials.filter(({ offset }) => offset > 0);
    if (length > 0) scope.session = await concatenate(uploads.engine, scope.lease, scope.session, withBytes);
    await uploads.store.recover(scope);
  } finally {
    await uploads.locker.release(scope.lease);
  }
  Promise.all(partials.map(({ upload_id }) => storage.deletePrefix(`${upload_id}/`))).catch(
    (error: unknown) => logger.warn({ err: error, upload: session.upload_id }, 'partial uploads not deleted'),
  );
  return scope.session;
};
