import { S3ServiceException } from '@aws-sdk/client-s3';
import { prefixOf } from '@claimcheck/contracts/object-keys';
import type { Database } from '@claimcheck/database/database';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { UploadedPart } from '@claimcheck/platform/s3/multipart';
import { isUnsettled } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { failUpload } from '../media/lifecycle/fail-upload.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';
import {
  type DirectUpload,
  isMissingForLong,
  startCompleting,
  stopCompleting,
} from '../media/uploads/direct-sessions.ts';
import { finalizeUpload } from '../media/uploads/finalize-upload.ts';
import { partsOf } from './parts-of.ts';

/**
 * `known`: another process was faster, or the upload was ended. `incomplete`: bytes are missing. `assembling`: a Complete
 * may be running, and the storage shows neither object nor multipart upload. `lost`: the same for minutes.
 */
export const DIRECT_OUTCOMES = ['finished', 'known', 'incomplete', 'assembling', 'failed', 'lost'] as const;
export type DirectOutcome = (typeof DIRECT_OUTCOMES)[number];

export interface DirectContext {
  database: Database;
  settings: DomainConfig;
  storage: Pick<Storage, 'head' | 'deletePrefix' | 'multipart'>;
  failpoint: Failpoint;
}

/** Joins the parts into one object, if all are stored in full and no other request does it. */
const assemble = async (
  { database, storage, failpoint }: DirectContext,
  upload: DirectUpload,
): Promise<'stored' | 'incomplete' | 'assembling' | 'unsettled'> => {
  const { object_storage_key: key, s3_upload_id, upload_id } = upload;
  if (s3_upload_id === undefined) return 'incomplete';
  try {
    const stored: UploadedPart[] = await storage.multipart.listParts(key, s3_upload_id);
    const { finished, missing } = partsOf(upload, stored);
    if (missing.length > 0) return 'incomplete';
    if (!(await database.autocommit((on) => startCompleting(on, upload_id)))) return 'assembling';
    await storage.multipart.complete(key, s3_upload_id, finished, { ifAbsent: true });
  } catch (error) {
    if (isUnsettled(error)) return 'unsettled';
    // The storage has answered, so it does nothing. Without an answer it may still be working.
    if (error instanceof S3ServiceException) await database.autocommit((on) => stopCompleting(on, upload_id));
    throw error;
  }
  failpoint('direct.after_complete');
  return 'stored';
};

const finish = async (context: DirectContext, upload: DirectUpload): Promise<DirectOutcome> => {
  const { database, settings } = context;
  const first = await database.autocommit((on) =>
    finalizeUpload(on, settings, upload.upload_id, upload.length),
  );
  return first ? 'finished' : 'known';
};

const refuse = async (
  { database, settings, storage }: DirectContext,
  { upload_id }: DirectUpload,
): Promise<DirectOutcome> => {
  const first = await database.transaction((tx) => failUpload(tx, settings, upload_id, 'size_mismatch'));
  if (!first) return 'known';
  await storage.deletePrefix(prefixOf(upload_id));
  return 'failed';
};

/**
 * Reads from the storage how much of a direct upload is stored, and updates the upload's state. Client, bucket event and
 * sweeper may call it at the same time, any number of times. One of them completes the upload, and commits that intention
 * first; for the others, a missing object is no verdict yet.
 *
 * @throws the storage's error
 */
export const completeDirectUpload = async (
  context: DirectContext,
  upload: DirectUpload,
): Promise<DirectOutcome> => {
  if (upload.phase !== 'open') return 'known';
  const assembled = upload.protocol === 'multipart' ? await assemble(context, upload) : 'unsettled';
  if (assembled === 'stored') return finish(context, upload);
  if (assembled === 'incomplete') return 'incomplete';
  const object = await context.storage.head(upload.object_storage_key);
  if (object !== undefined)
    return object.size_bytes === upload.length ? finish(context, upload) : refuse(context, upload);
  if (upload.protocol === 'put') return 'incomplete';
  const isLost = await context.database.autocommit((on) => isMissingForLong(on, upload.upload_id));
  if (isLost === undefined) return 'known';
  return isLost ? 'lost' : 'assembling';
};
