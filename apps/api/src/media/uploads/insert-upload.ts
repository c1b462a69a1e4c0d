import type { HostData } from '@claimcheck/contracts/host-data';
import { sourceKey } from '@claimcheck/contracts/object-keys';
import type { UploadMetadata } from '@claimcheck/contracts/rest';
import { type Executor, Prisma } from '@claimcheck/database/database';
import { type Allowance, type AllowanceRow, selectAllowance, toAllowance } from '../quota/allowance.ts';
import { chargeUsage, type Refusal } from '../quota/charge-usage.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { type StoredMedia, toMediaRow } from '../record/media-row.ts';
import { newId } from '../record/new-id.ts';
import { type SessionRow, toSession, type UploadSession } from './upload-session.ts';

export interface NewSession {
  owner_user_id: string;
  /** Bytes; undefined while deferred. */
  length: number | undefined;
  /** The protocol that transfers the bytes; default `tus`. */
  protocol?: UploadSession['protocol'];
  /** Bytes; fixed for the life of the upload. */
  part_size: number;
  /** Stored as the client sent them, so that the protocol can return them. */
  raw_metadata?: string | undefined;
  concat?: string | undefined;
  /** The process that will write it at once, with fencing token 1. */
  lease_owner?: string | undefined;
}

export interface NewMedia {
  metadata: UploadMetadata;
  /** The client's description of its file; shown until a worker has inspected it. */
  preview?: { width?: number; height?: number; duration_ms?: number; thumbhash?: string };
  /** The host's own. */
  data?: HostData | undefined;
}

export interface MadeUpload {
  session: UploadSession;
  /** The owner's allowance afterwards; simultaneous uploads may be missing. */
  allowance: Allowance;
}

type MadeRow = SessionRow & { refusal: Refusal | null; created: StoredMedia; allowance: AllowanceRow };

/** Inserts rows of the media object and its name; none for a partial upload. */
const mediaRows = (settings: DomainConfig, id: string, upload: NewSession, media: NewMedia): Prisma.Sql => {
  const { metadata, preview = {}, data } = media;
  const client_media_id = metadata.client_media_id ?? null;
  const row = {
    media_object_id: id,
    owner_user_id: upload.owner_user_id,
    conversation_id: metadata.conversation_id ?? null,
    filename: metadata.filename ?? '',
    content_type: metadata.filetype ?? '',
    size_bytes: upload.length ?? 0,
    sha256: metadata.sha256 ?? null,
    alt: metadata.alt ?? null,
    ...preview,
    data,
    object_storage_key: sourceKey(id),
    s3_bucket: settings.bucket,
    expires_at: new Date(Date.now() + settings.orphanTtlMs),
  };
  return Prisma.sql`
    media AS (
      INSERT INTO media_object (media_object_id, owner_user_id, conversation_id, state, upload_state, filename,
        content_type, size_bytes, sha256, alt, width, height, duration_ms, thumbhash, data,
        object_storage_key, s3_bucket, expires_at)
      SELECT media_object_id, owner_user_id, conversation_id, 'uploading', 'uploading', filename, content_type,
        size_bytes, sha256, alt, width, height, duration_ms, thumbhash, data, object_storage_key,
        s3_bucket, expires_at
      FROM charged, jsonb_populate_record(NULL::media_object, ${JSON.stringify(row)}::jsonb)
      WHERE refusal IS NULL
      RETURNING *),
    alias AS (
      INSERT INTO media_alias (owner_user_id, client_media_id, media_object_id)
      SELECT ${upload.owner_user_id}, ${client_media_id}, media_object_id FROM media
      WHERE ${client_media_id}::text IS NOT NULL)`;
};

/** The statement that charges does not see what it has charged. */
const charged = ({ limits, used }: Allowance, bytes: number, started: number): Allowance => ({
  limits,
  used: {
    bytes: used.bytes + BigInt(bytes),
    open_uploads: used.open_uploads + 1,
    uploads_today: used.uploads_today + started,
  },
});

/**
 * Creates everything or nothing in one statement: it charges the owner if the limits allow it, and only then creates a
 * media object, its name and the session.
 *
 * @param media undefined for a partial upload, which has no media object and does not count for the day
 * @returns the upload, or the limit that refused it
 */
export const insertUpload = async (
  on: Executor,
  settings: DomainConfig,
  upload: NewSession,
  media: NewMedia | undefined,
): Promise<MadeUpload | { refusal: Refusal }> => {
  const id = newId();
  const { owner_user_id, lease_owner } = upload;
  const bytes = upload.length ?? 0;
  const charge = {
    owner: Prisma.sql`${owner_user_id}::text`,
    bytes: Prisma.sql`${bytes}::bigint`,
    open: Prisma.sql`1`,
    started: media === undefined ? 0 : 1,
  };
  const made =
    media === undefined
      ? Prisma.sql`media AS (SELECT NULL::uuid AS media_object_id)`
      : mediaRows(settings, id, upload, media);
  const [row] = await on.query<MadeRow>(Prisma.sql`
    WITH charged AS (SELECT ${chargeUsage(charge, settings)} AS refusal),
    ${made},
    session AS (
      INSERT INTO upload_session (upload_id, media_object_id, owner_user_id, protocol, is_partial, length,
        part_size, s3_bucket, object_storage_key, metadata, concat, lease_owner, lease_epoch, charged_bytes,
        is_counted_open, expires_at)
      SELECT ${id}::uuid, media_object_id, ${owner_user_id}, ${upload.protocol ?? 'tus'}::upload_protocol,
        ${media === undefined}::boolean, ${upload.length ?? null}::bigint, ${upload.part_size}::bigint,
        ${settings.bucket}, ${sourceKey(id)}, ${upload.raw_metadata ?? null}, ${upload.concat ?? null},
        ${lease_owner ?? null}::uuid, ${lease_owner === undefined ? 0 : 1}::int, ${bytes}::bigint, true,
        ${new Date(Date.now() + settings.uploadTtlMs)}::timestamptz
      FROM charged, media WHERE refusal IS NULL
      RETURNING *)
    SELECT refusal, session.*, to_jsonb(media) AS created, to_jsonb(allowance) AS allowance
    FROM (${selectAllowance(owner_user_id)}) AS allowance, charged LEFT JOIN session ON true LEFT JOIN media ON true`);
  if (row === undefined) throw new Error('the charge of an upload has no answer');
  const { refusal, created, allowance, ...session } = row;
  if (refusal !== null) return { refusal };
  return {
    session: { ...toSession(session), created: media === undefined ? undefined : toMediaRow(created) },
    allowance: charged(toAllowance(allowance, settings), bytes, charge.started),
  };
};
