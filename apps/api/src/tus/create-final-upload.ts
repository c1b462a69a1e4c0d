import type { Request } from 'express';
import { createUpload, PartialUploadGone } from '../media/uploads/create-upload.ts';
import { partSizeFor } from '../media/uploads/part-size.ts';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import type { HttpContext } from '../request/context.ts';
import type { Uploads } from './compose.ts';
import { parseFinalConcat, parseMetadata } from './parse-creation.ts';
import { concatenate } from './store/concatenate.ts';

/**
 * Returns the caller's pieces, including those that an earlier final upload has consumed.
 *
 * @throws ProblemError `not_found` for anything but the caller's piece, `tus_protocol` for an incomplete one
 */
const ownPartials = async (uploads: Uploads, concat: string, userId: string): Promise<UploadSession[]> => {
  const found = await Promise.all(parseFinalConcat(concat).map((id) => uploads.sessions.find(id)));
  return found.map((session) => {
    if (session === undefined || !session.is_partial || session.owner_user_id !== userId)
      throw new ProblemError('not_found', { field: 'Upload-Concat' });
    if (session.phase === 'open' || session.phase === 'completing')
      throw new ProblemError('tus_protocol', {
        field: 'Upload-Concat',
        detail: 'A partial upload is not finished.',
      });
    return session;
  });
};

/** The domain does not know which header named a missing partial upload. */
const nameHeader = (error: unknown): never => {
  if (error instanceof PartialUploadGone) throw new ProblemError('upload_gone', { field: 'Upload-Concat' });
  throw error;
};

/**
 * Handles the last request of a concatenation (tus 1.0.0): partial uploads become one, which is finished when this answers.
 * The pieces are removed afterwards. Repeatable under its `client_media_id`.
 *
 * @throws ProblemError `client_key_conflict` for the name of another upload · `upload_gone` when a piece is gone
 */
export const createFinalUpload = async (
  { database, settings, config }: HttpContext,
  uploads: Uploads,
  { request, concat, userId }: { request: Request; concat: string; userId: string },
): Promise<{ final: UploadSession; created: boolean }> => {
  const partials = await ownPartials(uploads, concat, userId);
  const length = partials.reduce((sum, partial) => sum + partial.offset, 0);
  if (length > config.maxUploadBytes) throw new ProblemError('too_large', { field: 'Upload-Concat' });
  const pieces = partials.map(({ upload_id }) => upload_id);
  const raw_metadata = request.get('upload-metadata');
  const { session, created } = await database
    .transaction((tx) =>
      createUpload(tx, settings, {
        owner_user_id: userId,
        metadata: parseMetadata(raw_metadata),
        length,
        part_size: partSizeFor(length),
        raw_metadata,
        concat,
        partials: pieces,
      }),
    )
    .catch(nameHeader);
  const { upload_id } = session;
  // An unfinished upload under this name may be another one, which must not receive these bytes.
  const isSame = session.length === length && (session.concat === concat || session.phase === 'complete');
  if (!created && !isSame)
    throw new ProblemError('client_key_conflict', { field: 'client_media_id', media_object_id: upload_id });
  const scope = { request, isNew: false, ...(await uploads.locker.acquire(upload_id, () => {})) };
  try {
    // An earlier attempt of this request may have come this far, or to the end.
    if (scope.session.phase === 'open' && scope.session.offset < length) {
      const withBytes = partials.filter(({ offset }) => offset > 0);
      scope.session = await concatenate(uploads.engine, scope.lease, scope.session, withBytes);
    }
    if (scope.session.phase !== 'complete') await uploads.store.recover(scope);
  } finally {
    await uploads.locker.release(scope.lease);
  }
  await uploads.sessions.endPartials(pieces);
  return { final: scope.session, created };
};
