import { sourceKey } from '@claimcheck/contracts/object-keys';
import type { UploadMetadata } from '@claimcheck/contracts/rest';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { v7 as uuidv7 } from 'uuid';
import { ProblemError } from '../../problem-error.ts';
import { MAX_BIGINT, msUntilTomorrow, readAllowance, today } from '../quota/allowance.ts';
import { assertWithin, NOTHING_USED, setUsage } from '../quota/user-usage.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import { type SessionRow, toSession, type UploadSession } from './upload-sessions.ts';

interface NewSession {
  owner_user_id: string;
  /** Bytes; undefined while deferred. */
  length: number | undefined;
  /** How the bytes come; `tus` when it is left out. */
  protocol?: UploadSession['protocol'];
  /** Bytes; fixed for the life of the upload. */
  part_size: number;
  /** `Upload-Metadata` and `Upload-Concat` as they were sent. */
  raw_metadata?: string | undefined;
  concat?: string | undefined;
  /** The process that will write it at once, with lease epoch 1. */
  lease_owner?: string | undefined;
}

export interface NewUpload extends NewSession {
  metadata: UploadMetadata;
  /** What the client knows of its file; shown until the worker has looked. */
  preview?: { width?: number; height?: number; duration_ms?: number; thumbhash?: string };
  /** Partial uploads that this one is made of: their bytes count as its own from now on. In a transaction only. */
  pieces?: readonly string[];
}

const MAX_INT = 2_147_483_647;

/** What was made under a client's name before. */
const findByAlias = async (
  on: Executor,
  owner: string,
  clientMediaId: string | undefined,
): Promise<UploadSession | undefined> => {
  if (clientMediaId === undefined) return undefined;
  const [row] = await on.query<SessionRow>(Prisma.sql`
    SELECT upload_session.* FROM media_alias JOIN upload_session ON upload_id = media_alias.media_object_id
    WHERE media_alias.owner_user_id = ${owner} AND client_media_id = ${clientMediaId}`);
  return row === undefined ? undefined : toSession(row);
};

/** @throws ProblemError `not_found` */
export const assertMember = async (on: Executor, conversationId: string, userId: string): Promise<void> => {
  const members = await on.query(Prisma.sql`
    SELECT 1 FROM conversation_member WHERE conversation_id = ${conversationId} AND user_id = ${userId}`);
  if (members.length === 0) throw new ProblemError('not_found', { field: 'conversation_id' });
};

/** The expirer leaves pieces alone while they are copied. @throws ProblemError `upload_gone` */
const takeOver = async (on: Executor, settings: MediaSettings, pieces: readonly string[]): Promise<void> => {
  const ids = [...new Set(pieces)];
  const taken = await on.query(Prisma.sql`
    UPDATE upload_session SET expires_at = ${new Date(Date.now() + settings.uploadTtlMs)}
    WHERE upload_id = ANY(${ids}::uuid[]) AND is_partial AND phase = 'complete' RETURNING upload_id`);
  if (taken.length !== ids.length) throw new ProblemError('upload_gone', { field: 'Upload-Concat' });
  await setUsage(on, ids, NOTHING_USED);
};

/**
 * One statement makes everything or nothing: the owner's usage is raised where that is within the limits,
 * and only then there is a media object (unless this is a piece), its alias, and the session.
 *
 * @returns undefined when a limit stands in the way
 */
const insert = async (
  on: Executor,
  settings: MediaSettings,
  upload: NewSession,
  media?: NewUpload,
): Promise<UploadSession | undefined> => {
  const id = uuidv7();
  const owner = upload.owner_user_id;
  const bytes = upload.length ?? 0;
  const clientMediaId = media?.metadata.client_media_id ?? null;
  // Pieces of an upload are not uploads of their own.
  const countedToday = media === undefined ? 0 : 1;
  const [row] = await on.query<SessionRow>(Prisma.sql`
    WITH allowed AS (
      SELECT coalesce(quota_bytes, ${settings.userQuotaBytes ?? null}::bigint, ${MAX_BIGINT}::bigint) AS bytes,
        coalesce(max_open_uploads, ${settings.maxOpenUploads}::int) AS open_uploads,
        coalesce(max_uploads_per_day, ${settings.maxUploadsPerDay ?? null}::int, ${MAX_INT}::int) AS per_day
      FROM (SELECT ${owner}::text AS owner_user_id) AS asked LEFT JOIN user_limit USING (owner_user_id)),
    charged AS (
      INSERT INTO user_usage AS kept (owner_user_id, bytes, open_uploads, day, uploads_today)
      SELECT ${owner}, ${bytes}::bigint, 1, ${today()}::date, ${countedToday}::int FROM allowed
      WHERE allowed.open_uploads >= 1 AND (${bytes}::bigint = 0 OR ${bytes}::bigint <= allowed.bytes)
        AND allowed.per_day >= ${countedToday}::int
      ON CONFLICT (owner_user_id) DO UPDATE
        SET bytes = kept.bytes + excluded.bytes, open_uploads = kept.open_uploads + 1, day = excluded.day,
          uploads_today = excluded.uploads_today + CASE WHEN kept.day = excluded.day THEN kept.uploads_today ELSE 0 END
        WHERE kept.open_uploads < (SELECT open_uploads FROM allowed)
          AND (excluded.bytes = 0 OR kept.bytes + excluded.bytes <= (SELECT bytes FROM allowed))
          AND (kept.day IS DISTINCT FROM excluded.day
            OR kept.uploads_today + excluded.uploads_today <= (SELECT per_day FROM allowed))
      RETURNING owner_user_id),
    media AS (
      INSERT INTO media_object (media_object_id, owner_user_id, conversation_id, state, upload_state, filename,
        content_type, size_bytes, sha256, alt, width, height, duration_ms, thumbhash, object_storage_key, s3_bucket,
        expires_at)
      SELECT ${id}::uuid, owner_user_id, ${media?.metadata.conversation_id ?? null}, 'uploading', 'uploading',
        ${media?.metadata.filename ?? ''}, ${media?.metadata.filetype ?? ''}, ${bytes}::bigint,
        ${media?.metadata.sha256 ?? null}, ${media?.metadata.alt ?? null}, ${media?.preview?.width ?? null}::int,
        ${media?.preview?.height ?? null}::int, ${media?.preview?.duration_ms ?? null}::int,
        ${media?.preview?.thumbhash ?? null}, ${sourceKey(id)}, ${settings.bucket},
        ${new Date(Date.now() + settings.orphanTtlMs)}::timestamptz
      FROM charged WHERE ${media !== undefined}::boolean
      RETURNING media_object_id),
    alias AS (
      INSERT INTO media_alias (owner_user_id, client_media_id, media_object_id)
      SELECT ${owner}, ${clientMediaId}, media_object_id FROM media WHERE ${clientMediaId}::text IS NOT NULL)
    INSERT INTO upload_session (upload_id, media_object_id, owner_user_id, protocol, is_partial, length, part_size,
      s3_bucket, object_storage_key, metadata, concat, lease_owner, lease_epoch, charged_bytes, is_counted_open,
      expires_at)
    SELECT ${id}::uuid, (SELECT media_object_id FROM media), owner_user_id, ${upload.protocol ?? 'tus'}::upload_protocol, ${media === undefined}::boolean,
      ${upload.length ?? null}::bigint, ${upload.part_size}::bigint, ${settings.bucket}, ${sourceKey(id)},
      ${upload.raw_metadata ?? null}, ${upload.concat ?? null}, ${upload.lease_owner ?? null}::uuid,
      ${upload.lease_owner === undefined ? 0 : 1}::int, ${bytes}::bigint, true,
      ${new Date(Date.now() + settings.uploadTtlMs)}::timestamptz
    FROM charged
    RETURNING *`);
  return row === undefined ? undefined : toSession(row);
};

const refuse = async (on: Executor, settings: MediaSettings, upload: NewSession): Promise<never> => {
  const { limits, used } = await readAllowance(on, settings, upload.owner_user_id);
  const bytes = BigInt(upload.length ?? 0);
  assertWithin(limits, {
    bytes: used.bytes + bytes,
    open_uploads: used.open_uploads + 1,
    added_bytes: bytes,
    added_open: 1n,
  });
  if (limits.maxUploadsPerDay !== undefined && used.uploads_today >= limits.maxUploadsPerDay)
    throw new ProblemError('too_many_uploads_today', {
      detail: `A user may begin ${limits.maxUploadsPerDay} uploads in a day (UTC).`,
      retry_after_ms: msUntilTomorrow(),
    });
  // It would fit by now: another upload ended in between.
  throw new ProblemError('too_many_uploads', { retry_after_ms: 0 });
};

/**
 * Makes the media object and its upload session. (owner, client_media_id) names one media object for
 * good: the same call again, also at the same time, gives the same.
 *
 * @throws ProblemError `not_found` for a conversation that the owner is not a member of · `quota_exceeded` ·
 *   `too_many_uploads` · `too_many_uploads_today`
 */
export const createUpload = async (
  on: Executor,
  settings: MediaSettings,
  upload: NewUpload,
): Promise<{ session: UploadSession; created: boolean }> => {
  const { owner_user_id, metadata, pieces } = upload;
  const known = await findByAlias(on, owner_user_id, metadata.client_media_id);
  if (known !== undefined) return { session: known, created: false };
  if (metadata.conversation_id !== undefined) await assertMember(on, metadata.conversation_id, owner_user_id);
  if (pieces !== undefined) await takeOver(on, settings, pieces);
  const session = await insert(on, settings, upload, upload);
  if (session !== undefined) return { session, created: true };
  // What took the room may have been this very upload, asked for at the same time.
  const twin = await findByAlias(on, owner_user_id, metadata.client_media_id);
  return twin === undefined ? refuse(on, settings, upload) : { session: twin, created: false };
};

/** A piece of a concatenation: a session without a media object. @throws as {@link createUpload} */
export const createPartialUpload = async (
  on: Executor,
  settings: MediaSettings,
  upload: NewSession,
): Promise<UploadSession> => (await insert(on, settings, upload)) ?? refuse(on, settings, upload);
