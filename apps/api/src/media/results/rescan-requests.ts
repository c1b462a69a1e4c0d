import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';
import { readMedia } from '../record/media-row.ts';
import { toRequest } from '../record/optimize-request.ts';
import { enqueue } from '../record/outbox.ts';

export interface Rescannable {
  media_object_id: string;
  /** Null while only the uploader claims it. */
  sha256: string | null;
}

/** Matches settled media with a source; media in work are scanned anyway. */
const STORED = Prisma.sql`state IN ('ready', 'degraded', 'failed', 'expiring') AND upload_state = 'uploaded'
  AND size_bytes > 0`;

/** A claimed hash does not exempt bytes from a scan: only a worker's hash is compared. */
const hasVerdictSince = (since: Date) => Prisma.sql`EXISTS (
  SELECT FROM verdict
  WHERE verdict.sha256 = media_object.sha256 AND is_sha256_verified AND judged_at >= ${since}::timestamptz)`;

/** Returns the database's time, with which verdicts are compared. */
export const databaseTime = async (database: Pick<Database, 'query'>): Promise<Date> => {
  const [row] = await database.query<{ now: Date }>(Prisma.sql`SELECT now()`);
  if (row === undefined) throw new Error('the database does not tell the time');
  return row.now;
};

/** Returns a page, by id, of stored sources whose bytes have no verdict since `since`; equal bytes once per page. */
export const listRescannable = async (
  database: Pick<Database, 'query'>,
  since: Date,
  after: string,
  limit: number,
): Promise<Rescannable[]> => {
  const rows = await database.query<Rescannable>(Prisma.sql`
    SELECT media_object_id, CASE WHEN is_sha256_verified THEN sha256 END AS sha256 FROM media_object
    WHERE media_object_id > ${after}::uuid AND ${STORED} AND NOT ${hasVerdictSince(since)}
    ORDER BY media_object_id LIMIT ${limit}`);
  return rows;
};

/** Requests another scan of the source. The media object does not change. */
export const requestRescan = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectIds: readonly string[],
): Promise<void> => {
  for (const id of mediaObjectIds) {
    const row = await readMedia(tx, id);
    if (row === undefined) continue;
    // The worker is to compute the hash, so the uploader's claim is not compared again.
    const { sha256: _, ...request } = toRequest(row, settings);
    await enqueue(tx, { subject: settings.subjects.optimizeRequest, payload: { ...request, only: 'scan' } });
  }
};

/** Outcome of requested rescans: blocked or gone, judged again, or still open. */
export const rescanProgress = async (
  database: Pick<Database, 'query'>,
  since: Date,
  mediaObjectIds: readonly string[],
): Promise<{ blocked: number; judged: number; open: string[] }> => {
  const rows = await database.query<{ media_object_id: string; outcome: 'judged' | 'open' }>(Prisma.sql`
    SELECT media_object_id, CASE WHEN ${hasVerdictSince(since)} THEN 'judged' ELSE 'open' END AS outcome
    FROM media_object WHERE media_object_id = ANY(${mediaObjectIds}::uuid[]) AND ${STORED}`);
  const open = rows.flatMap(({ media_object_id, outcome }) => (outcome === 'open' ? [media_object_id] : []));
  return {
    blocked: mediaObjectIds.length - rows.length,
    judged: rows.length - open.length,
    open,
  };
};
