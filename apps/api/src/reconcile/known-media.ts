import type { MediaState } from '@claimcheck/contracts/media';
import { type Database, Prisma } from '@claimcheck/database/database';
import { FIRST_ID } from '@claimcheck/database/first-id';

/** The rows' data about one prefix of the bucket: a media object's, or that of an upload without one. */
export interface KnownMedia {
  /** `media_object_id` or `upload_id`: the first segment of its keys. */
  id: string;
  /** Null for an upload without a media object. */
  state: MediaState | null;
  applied_epoch: number;
  source_key: string;
  /** True if a message or a host refers to it. */
  is_referenced: boolean;
  /** An upload is running, or waits to be joined with others. */
  is_open: boolean;
  /** Epochs with visible objects; a newer one may be incomplete. */
  shown_epochs: number[];
  /** Keys that must be in the bucket. */
  expected: string[];
}

const PAGE = 1_000;

/** Returns every prefix that rows name, in the order of the bucket's keys; one page in memory at a time. */
export async function* listKnownMedia(database: Database, bucket: string): AsyncGenerator<KnownMedia> {
  for (let after = FIRST_ID; ; ) {
    const ids = await nextIds(database, after);
    yield* await readKnownMedia(database, bucket, ids);
    const last = ids.at(-1);
    if (last === undefined || ids.length < PAGE) return;
    after = last;
  }
}

const nextIds = async (database: Database, after: string): Promise<string[]> => {
  const rows = await database.query<{ id: string }>(Prisma.sql`
    SELECT id FROM (
      (SELECT media_object_id AS id FROM media_object WHERE media_object_id > ${after}::uuid ORDER BY 1 LIMIT ${PAGE})
      UNION
      (SELECT upload_id FROM upload_session WHERE upload_id > ${after}::uuid ORDER BY 1 LIMIT ${PAGE})
    ) AS ids ORDER BY id LIMIT ${PAGE}`);
  return rows.map(({ id }) => id);
};

/** Returns those of the ids that rows name, in the order of the ids. */
export const readKnownMedia = (
  database: Database,
  bucket: string,
  ids: readonly string[],
): Promise<KnownMedia[]> =>
  database.query<KnownMedia>(Prisma.sql`
    SELECT asked.id, m.state::text AS state,
      coalesce(m.applied_epoch, 0) AS applied_epoch,
      coalesce(m.object_storage_key, s.object_storage_key) AS source_key,
      EXISTS (SELECT FROM media_reference r WHERE r.media_object_id = m.media_object_id) AS is_referenced,
      coalesce(s.phase IN ('open', 'completing') OR (s.is_partial AND s.phase = 'complete'), false) AS is_open,
      ARRAY(SELECT DISTINCT d.epoch FROM derivative d
        WHERE d.media_object_id = m.media_object_id) AS shown_epochs,
      CASE WHEN m.upload_state = 'uploaded' AND m.state NOT IN ('blocked', 'expired', 'deleted') THEN
        ARRAY(
          SELECT d.object_storage_key FROM derivative d
          WHERE d.media_object_id = m.media_object_id AND d.s3_bucket = ${bucket}
          UNION ALL
          SELECT f->>'object_storage_key' FROM derivative d, jsonb_array_elements(d.further_formats) AS f
          WHERE d.media_object_id = m.media_object_id AND f->>'s3_bucket' = ${bucket})
        || CASE WHEN m.size_bytes > 0 AND m.s3_bucket = ${bucket}
             THEN ARRAY[m.object_storage_key] ELSE ARRAY[]::text[] END
      ELSE ARRAY[]::text[] END AS expected
    FROM unnest(${ids}::uuid[]) AS asked (id)
    LEFT JOIN media_object m ON m.media_object_id = asked.id
    LEFT JOIN upload_session s ON s.upload_id = asked.id
    WHERE m.media_object_id IS NOT NULL OR s.upload_id IS NOT NULL
    ORDER BY asked.id`);
