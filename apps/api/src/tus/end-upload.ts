import { prefixOf } from '@claimcheck/contracts/object-keys';
import { deleteMedia } from '../media/lifecycle/delete-media.ts';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import type { HttpContext } from '../request/context.ts';
import type { Uploads } from './compose.ts';

/**
 * Terminates (tus 1.0.0) a finished or unfinished upload: stops its writer first, and leaves nothing behind. Repeatable.
 *
 * @throws ProblemError `media_referenced` · `upload_locked`
 */
export const endUpload = async (
  context: HttpContext,
  uploads: Uploads,
  session: UploadSession,
): Promise<void> => {
  const { database, settings, storage, metrics } = context;
  const id = session.upload_id;
  // The expirer cleans up an upload that was ended already.
  if (session.phase === 'aborted' || session.phase === 'expired') return;
  const { lease, session: current } = await uploads.locker.acquire(id, () => {});
  try {
    if (current.media_object_id !== null)
      await database.transaction((tx) => deleteMedia(tx, settings, id, current.owner_user_id));
    else await uploads.sessions.setPhase(lease, 'aborted');
    if (current.phase !== 'complete' && current.s3_upload_id !== undefined)
      await storage.multipart.abort(current.object_storage_key, current.s3_upload_id);
    await storage.deletePrefix(prefixOf(id));
    metrics.uploads.inc({ protocol: 'tus', outcome: 'terminated' });
  } finally {
    await uploads.locker.release(lease);
  }
};
