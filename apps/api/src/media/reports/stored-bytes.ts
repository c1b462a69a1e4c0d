import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { FIRST_ID } from '@claimcheck/database/first-id';

type Client = Pick<Database, 'query'>;

/** Classes of stored bytes; `unfinished`: parts of open uploads. */
export type StoredClass = 'source' | 'derivative' | 'unfinished';

export interface UploadedBytes {
  source: number;
  /** Stored parts of open uploads. */
  unfinished: number;
}

/** Sums the bytes of sources, from the users' sums without reservations, and those of open uploads. */
export const sumUploadedBytes = async (database: Client): Promise<UploadedBytes> => {
  const [sum] = await database.query<UploadedBytes>(Prisma.sql`
    WITH open AS (
      SELECT coalesce(sum(charged_bytes), 0) AS charged, coalesce(sum("offset"), 0) AS stored
      FROM upload_session WHERE phase IN ('open', 'completing'))
    SELECT (coalesce((SELECT sum(bytes) FROM user_usage), 0) - open.charged)::float8 AS source,
      open.stored::float8 AS unfinished
    FROM open`);
  return sum ?? { source: 0, unfinished: 0 };
};

interface DerivativePage {
  bytes: number;
  /** Start of the next page; undefined on the last one. */
  next: string | undefined;
}

/** Sums the derivatives of the next media objects after `after`: one sum over all would take minutes. */
const sumDerivativePage = async (tx: Transaction, after: string, limit: number): Promise<DerivativePage> => {
  const [page] = await tx.query<{ bytes: number; count: number; last: string | null }>(Prisma.sql`
    WITH page AS (
      SELECT media_object_id FROM media_object WHERE media_object_id > ${after}::uuid
      ORDER BY media_object_id LIMIT ${limit}),
    bounds AS (
      SELECT count(*)::int AS count, (SELECT media_object_id FROM page ORDER BY media_object_id DESC LIMIT 1) AS last
      FROM page)
    SELECT count, last, (
      SELECT coalesce(sum(size_bytes + CASE further_formats WHEN '[]' THEN 0 ELSE (
          SELECT sum((further->>'size_bytes')::bigint) FROM jsonb_array_elements(further_formats) AS further) END), 0)
      FROM derivative WHERE media_object_id > ${after}::uuid AND media_object_id <= (SELECT last FROM bounds)
    )::float8 AS bytes
    FROM bounds`);
  if (page === undefined) return { bytes: 0, next: undefined };
  return { bytes: page.bytes, next: page.count < limit ? undefined : (page.last ?? undefined) };
};

export interface DerivativeCount {
  /** What the last finished count found; undefined: none has finished. */
  bytes: number | undefined;
  finishedAt: Date | undefined;
  /** When the next count is due. */
  nextAt: Date;
  /** Whether the next page waits to be counted. */
  isUnfinished: boolean;
}

interface CountRow {
  counted_after: string;
  counted_bytes: number;
  started_at: Date | null;
  derivative_bytes: number | null;
  finished_at: Date | null;
  next_at: Date;
}

/** The next count waits for so many times the duration of this one: Postgres spends 5 % of a core on it at most. */
const REST = 20;

/**
 * Counts the next page for all processes, if a count is due.
 * @returns undefined while another process counts a page
 */
export const countDerivatives = (
  database: Database,
  { now, limit, everyMs }: { now: Date; limit: number; everyMs: number },
): Promise<DerivativeCount | undefined> =>
  database.transaction(async (tx) => {
    const [row] = await tx.query<CountRow>(Prisma.sql`
      SELECT counted_after, counted_bytes::float8, started_at, derivative_bytes::float8, finished_at, next_at
      FROM stored_bytes_count FOR UPDATE SKIP LOCKED`);
    if (row === undefined) return undefined;
    const known = {
      bytes: row.derivative_bytes ?? undefined,
      finishedAt: row.finished_at ?? undefined,
      nextAt: row.next_at,
    };
    if (row.next_at > now) return { ...known, isUnfinished: false };
    const page = await sumDerivativePage(tx, row.counted_after, limit);
    const bytes = row.counted_bytes + page.bytes;
    const started_at = row.started_at ?? now;
    if (page.next !== undefined) {
      await tx.query(Prisma.sql`
        UPDATE stored_bytes_count
        SET counted_after = ${page.next}::uuid, counted_bytes = ${bytes}, started_at = ${started_at}::timestamptz`);
      return { ...known, isUnfinished: true };
    }
    const restMs = Math.max(everyMs, REST * (now.getTime() - started_at.getTime()));
    const nextAt = new Date(now.getTime() + restMs);
    await tx.query(Prisma.sql`
      UPDATE stored_bytes_count
      SET counted_after = ${FIRST_ID}::uuid, counted_bytes = 0, started_at = NULL, derivative_bytes = ${bytes},
        finished_at = ${now}::timestamptz, next_at = ${nextAt}::timestamptz`);
    return { bytes, finishedAt: now, nextAt, isUnfinished: false };
  });
