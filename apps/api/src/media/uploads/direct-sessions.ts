import { type Database, type Executor, Prisma } from '@claimcheck/database/database';
import { type SessionRow, toSession, type UploadSession } from './upload-session.ts';

/** A direct upload: the client sends its bytes to the storage, and its length was signed. Sizes in bytes. */
export type DirectUpload = UploadSession & { length: number };

export const isDirect = (session: UploadSession): session is DirectUpload =>
  session.protocol !== 'tus' && session.length !== undefined;

/**
 * Records the storage's id of a multipart upload, once.
 *
 * @returns the valid id: another process's, if it was faster; undefined for an upload that is no longer open
 */
export const keepMultipart = async (
  on: Pick<Executor, 'query'>,
  id: string,
  s3UploadId: string,
): Promise<string | undefined> => {
  const [row] = await on.query<{ s3_upload_id: string }>(Prisma.sql`
    UPDATE upload_session SET s3_upload_id = COALESCE(s3_upload_id, ${s3UploadId})
    WHERE upload_id = ${id}::uuid AND phase = 'open' RETURNING s3_upload_id`);
  return row?.s3_upload_id;
};

/** Age at the first check of an upload; each pause is as long as the upload's age at the previous check. */
const FIRST_LOOK = '30 seconds';
const LONGEST_PAUSE = '10 minutes';

/** Returns open direct uploads to check in the storage: those checked least recently. */
export const claimDirectUploads = async (
  database: Pick<Database, 'query'>,
  now: Date,
  limit: number,
): Promise<DirectUpload[]> => {
  const rows = await database.query<SessionRow>(Prisma.sql`
    UPDATE upload_session SET updated_at = ${now}::timestamptz
    WHERE upload_id IN (
      SELECT upload_id FROM upload_session
      WHERE protocol <> 'tus' AND phase = 'open' AND expires_at >= ${now}::timestamptz
        AND updated_at < ${now}::timestamptz
          - LEAST(GREATEST(${FIRST_LOOK}::interval, updated_at - created_at), ${LONGEST_PAUSE}::interval)
      ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING *`);
  return rows.map(toSession).filter(isDirect);
};

const COMPLETE_TAKES = '10 minutes';

/**
 * Commits the intent to complete a multipart upload, so that only one request at a time completes it.
 *
 * @returns false while another request's Complete may be running
 */
export const startCompleting = async (on: Pick<Executor, 'query'>, id: string): Promise<boolean> => {
  const rows = await on.query(Prisma.sql`
    UPDATE upload_session SET completing_at = now()
    WHERE upload_id = ${id}::uuid AND phase = 'open'
      AND (completing_at IS NULL OR completing_at < now() - ${COMPLETE_TAKES}::interval)
    RETURNING upload_id`);
  return rows.length > 0;
};

/** Withdraws the intent: the storage has refused, and no Complete is running. */
export const stopCompleting = async (on: Pick<Executor, 'query'>, id: string): Promise<void> => {
  await on.query(Prisma.sql`
    UPDATE upload_session SET completing_at = NULL WHERE upload_id = ${id}::uuid AND phase = 'open'
    RETURNING upload_id`);
};

/**
 * Records that the storage has neither object nor multipart upload.
 *
 * @returns whether that has lasted longer than a Complete takes; undefined for an upload that is no longer open
 */
export const isMissingForLong = async (
  on: Pick<Executor, 'query'>,
  id: string,
): Promise<boolean | undefined> => {
  const [row] = await on.query<{ is_over: boolean }>(Prisma.sql`
    UPDATE upload_session SET completing_at = COALESCE(completing_at, now())
    WHERE upload_id = ${id}::uuid AND phase = 'open'
    RETURNING completing_at < now() - ${COMPLETE_TAKES}::interval AS is_over`);
  return row?.is_over;
};
