import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { writeMedia } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia, type MediaColumns, type MediaRow } from '../record/media-row.ts';
import { decideOverdue, type OverdueOutcome } from './decide-overdue.ts';

/**
 * A media object past its deadline, with the latest request of its epoch, if the outbox still has it. A rescan's request
 * does not count: it has no other result than a verdict.
 */
export interface OverdueMedia {
  media_object_id: string;
  epoch: number;
  ready_by: Date;
  request: OverdueRequest | undefined;
}

/** The outbox row of a request; `stream_seq` is known once it is published. */
export interface OverdueRequest {
  id: string;
  subject: string;
  stream_seq: number | undefined;
  is_published: boolean;
  created_at: Date;
}

interface Row {
  media_object_id: string;
  ready_by: Date;
  epoch: number;
  id: string | null;
  subject: string | null;
  stream_seq: bigint | null;
  published_at: Date | null;
  created_at: Date | null;
}

const toOverdue = (row: Row): OverdueMedia => ({
  media_object_id: row.media_object_id,
  epoch: row.epoch,
  ready_by: row.ready_by,
  request:
    row.id === null || row.subject === null || row.created_at === null
      ? undefined
      : {
          id: row.id,
          subject: row.subject,
          stream_seq: row.stream_seq === null ? undefined : Number(row.stream_seq),
          is_published: row.published_at !== null,
          created_at: row.created_at,
        },
});

/** Selects the latest request for a row of media_object, in a lateral join. */
const LATEST_REQUEST = Prisma.sql`
  SELECT * FROM outbox
  WHERE payload->>'mediaId' = media_object_id::text AND (payload->>'epoch')::int = epoch
    AND payload->>'only' IS NULL
  ORDER BY created_at DESC LIMIT 1`;

/** Sorts before every overdue row. */
export const FIRST_OVERDUE: Pick<OverdueMedia, 'media_object_id' | 'ready_by'> = {
  ready_by: new Date(0),
  media_object_id: '00000000-0000-0000-0000-000000000000',
};

/**
 * Returns a page of rows past `ready_by`, longest first: placeholders, and videos that were offered as uploaded while their
 * transcode still waits.
 */
export const listOverdue = async (
  database: Pick<Database, 'query'>,
  now: Date,
  after: Pick<OverdueMedia, 'media_object_id' | 'ready_by'>,
  limit: number,
): Promise<OverdueMedia[]> => {
  const rows = await database.query<Row>(Prisma.sql`
    SELECT media_object_id, epoch, ready_by, request.id, request.subject, request.stream_seq, request.published_at,
      request.created_at
    FROM media_object LEFT JOIN LATERAL (${LATEST_REQUEST}) AS request ON true
    WHERE ready_by < ${now}::timestamptz AND (ready_by, media_object_id) > (${after.ready_by}::timestamptz, ${after.media_object_id}::uuid)
      AND (state = 'processing' OR (state = 'degraded' AND transcode_state IN ('none', 'pending', 'running')))
    ORDER BY ready_by, media_object_id LIMIT ${limit}`);
  return rows.map(toOverdue);
};

/** Reads the current state of a row that `listOverdue` found. */
const latestRequestId = async (tx: Transaction, row: MediaRow): Promise<string | undefined> => {
  const [request] = await tx.query<{ id: string }>(Prisma.sql`
    SELECT request.id FROM media_object CROSS JOIN LATERAL (${LATEST_REQUEST}) AS request
    WHERE media_object_id = ${row.media_object_id}::uuid`);
  return request?.id;
};

/**
 * Decides about one media object past its deadline, under its lock, and notifies every conversation of the outcome.
 *
 * @param isWaiting whether the request waits in the outbox or the queue, or is in work
 */
export const resolveOverdue = async (
  tx: Transaction,
  settings: DomainConfig,
  overdue: OverdueMedia,
  { isWaiting, now }: { isWaiting: boolean; now: Date },
): Promise<OverdueOutcome> => {
  const row = await lockMedia(tx, overdue.media_object_id);
  const isDue = row?.ready_by !== null && row?.ready_by !== undefined && row.ready_by < now;
  if (row === undefined || !isDue || row.epoch !== overdue.epoch) return 'left';
  const { request } = overdue;
  const { outcome, change, books } = decideOverdue(settings, {
    row,
    asked_at: request?.created_at,
    is_waiting: isWaiting,
    is_asked_again: !isWaiting && (await latestRequestId(tx, row)) !== request?.id,
    now,
  });
  if (books !== undefined) await keepBooks(tx, row.media_object_id, books);
  if (change !== undefined) await writeMedia(tx, settings, row, change);
  return outcome;
};

/**
 * Extends all media objects of a page whose requests still wait and that need no other decision, in one transaction. It
 * skips rows that another process works on.
 *
 * @returns the extended ids; the others need {@link resolveOverdue}, unless another process has them
 */
export const extendWaiting = async (
  tx: Transaction,
  settings: DomainConfig,
  waiting: readonly OverdueMedia[],
  now: Date,
): Promise<{ extended: string[]; open: OverdueMedia[] }> => {
  const byId = new Map(waiting.map((overdue) => [overdue.media_object_id, overdue]));
  const rows = await tx.query<MediaColumns>(Prisma.sql`
    SELECT * FROM media_object WHERE media_object_id = ANY(${[...byId.keys()]}::uuid[])
      AND ready_by < ${now}::timestamptz
    ORDER BY media_object_id FOR UPDATE SKIP LOCKED`);
  const decided = rows.flatMap((columns) => {
    const overdue = byId.get(columns.media_object_id);
    if (overdue === undefined || overdue.epoch !== columns.epoch) return [];
    const view = { asked_at: overdue.request?.created_at, is_waiting: true, is_asked_again: false, now };
    const { books } = decideOverdue(settings, { row: { ...columns, derivatives: [] }, ...view });
    return [{ overdue, books }];
  });
  const extended: string[] = [];
  for (const { overdue, books } of decided) {
    if (books === undefined) continue;
    await keepBooks(tx, overdue.media_object_id, books);
    extended.push(overdue.media_object_id);
  }
  return { extended, open: decided.flatMap(({ overdue, books }) => (books === undefined ? [overdue] : [])) };
};
