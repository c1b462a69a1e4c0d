import type { Database } from '@claimcheck/database/database';

type Client = Pick<Database, 'client'>;

/** Classes of stored bytes; `unfinished`: parts of open uploads. */
export type StoredClass = 'source' | 'derivative' | 'unfinished';

export interface UploadedBytes {
  source: number;
  /** Stored parts of open uploads. */
  unfinished: number;
}

/** Sums the bytes of sources, from the users' sums without reservations, and those of open uploads. */
export const sumUploadedBytes = async ({ client }: Client): Promise<UploadedBytes> => {
  const [sum] = await client.$queryRaw<UploadedBytes[]>`
    WITH open AS (
      SELECT coalesce(sum(charged_bytes), 0) AS charged, coalesce(sum("offset"), 0) AS stored
      FROM upload_session WHERE phase IN ('open', 'completing'))
    SELECT (coalesce((SELECT sum(bytes) FROM user_usage), 0) - open.charged)::float8 AS source,
      open.stored::float8 AS unfinished
    FROM open`;
  return sum ?? { source: 0, unfinished: 0 };
};

export interface DerivativeBytes {
  bytes: number;
  /** Start of the next page; undefined on the last one. */
  next: string | undefined;
}

/** Sums the derivatives of the next media objects after `after`: one sum over all would take minutes. */
export const sumDerivativeBytes = async (
  { client }: Client,
  after: string,
  limit: number,
): Promise<DerivativeBytes> => {
  const [page] = await client.$queryRaw<{ bytes: number; count: number; last: string | null }[]>`
    WITH page AS (
      SELECT media_object_id FROM media_object WHERE media_object_id > ${after}::uuid
      ORDER BY media_object_id LIMIT ${limit})
    SELECT coalesce(sum(own.bytes), 0)::float8 AS bytes, count(*)::int AS count,
      (SELECT media_object_id FROM page ORDER BY media_object_id DESC LIMIT 1) AS last
    FROM page, LATERAL (
      SELECT sum(size_bytes + (
        SELECT coalesce(sum((further->>'size_bytes')::bigint), 0) FROM jsonb_array_elements(further_formats) AS further
      )) AS bytes FROM derivative WHERE derivative.media_object_id = page.media_object_id) AS own`;
  if (page === undefined) return { bytes: 0, next: undefined };
  return { bytes: page.bytes, next: page.count < limit ? undefined : (page.last ?? undefined) };
};
