import { FAILURES, type FailureCode } from '@claimcheck/contracts/errors';
import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import type { MediaChange } from '../lifecycle/plan-change.ts';
import { beginEpoch } from '../lifecycle/redrive-media.ts';
import { writeMedia } from '../lifecycle/write-media.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import { lockMedia, type MediaRow } from '../record/media-row.ts';
import type { MediaSettings } from '../record/media-settings.ts';
import { isDeliverable } from '../record/scan-policy.ts';

/**
 * A media object past its deadline, with the latest request of its epoch, if the outbox still knows it. A
 * rescan's request is none of these: it brings a verdict alone.
 */
export interface OverdueMedia {
  media_object_id: string;
  epoch: number;
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

/** Of a row of media_object, in a lateral join. */
const LATEST_REQUEST = Prisma.sql`
  SELECT * FROM outbox
  WHERE payload->>'mediaId' = media_object_id::text AND (payload->>'epoch')::int = epoch
    AND payload->>'only' IS NULL
  ORDER BY created_at DESC LIMIT 1`;

/**
 * A page of what is past `ready_by`, by id: placeholders, and videos that were offered as they are while
 * their transcode still waits.
 */
export const listOverdue = async (
  { client }: Pick<Database, 'client'>,
  now: Date,
  after: string,
  limit: number,
): Promise<OverdueMedia[]> => {
  const rows = await client.$queryRaw<Row[]>`
    SELECT media_object_id, epoch, request.id, request.subject, request.stream_seq, request.published_at,
      request.created_at
    FROM media_object LEFT JOIN LATERAL (${LATEST_REQUEST}) AS request ON true
    WHERE ready_by < ${now}::timestamptz AND media_object_id > ${after}::uuid
      AND (state = 'processing' OR (state = 'degraded' AND transcode_state IN ('none', 'pending', 'running')))
    ORDER BY media_object_id LIMIT ${limit}`;
  return rows.map(toOverdue);
};

/** The same that `listOverdue` finds, as it is now. */
const latestRequestId = async (tx: Transaction, row: MediaRow): Promise<string | undefined> => {
  const [request] = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT request.id FROM media_object CROSS JOIN LATERAL (${LATEST_REQUEST}) AS request
    WHERE media_object_id = ${row.media_object_id}::uuid`;
  return request?.id;
};

export type OverdueDecision =
  | 'extended'
  | 'redriven'
  | 'offered'
  | 'degraded'
  | 'failed'
  | 'given_up'
  | 'left';

const failure = (code: FailureCode): MediaChange => ({ failure_code: code, failure_message: FAILURES[code] });

/** The last word: what may be delivered is, and what may not has failed. */
const settle = async (tx: Transaction, settings: MediaSettings, row: MediaRow): Promise<OverdueDecision> => {
  const transcode_state = ['pending', 'running'].includes(row.transcode_state)
    ? 'failed'
    : row.transcode_state;
  const end: MediaChange = { transcode_state, ready_by: null, settle_by: null };
  if (row.state === 'degraded') {
    await writeMedia(tx, settings, row, { ...end, ...failure('not_in_time') });
    return 'given_up';
  }
  const state = isDeliverable(settings, row.scan_state) ? 'degraded' : 'failed';
  const code = state === 'failed' ? 'no_verdict' : 'not_in_time';
  await writeMedia(tx, settings, row, { ...end, state, ...failure(code) });
  return state;
};

/** The poster is there and the source may be had: members do not wait for a place in the heavy lane. */
const isOfferable = (settings: MediaSettings, row: MediaRow): boolean =>
  row.state === 'processing' &&
  (row.transcode_state === 'pending' || row.transcode_state === 'running') &&
  row.thumbnail_state === 'ready' &&
  isDeliverable(settings, row.scan_state);

/**
 * Decides about one media object past its deadline, under its lock, and tells every conversation of what it
 * decided: extended while its request still waits, else driven again as a new epoch, then settled. A video
 * whose transcode waits is offered as it is at once, and goes on being looked after.
 *
 * @param isWaiting whether the request waits in the outbox or the queue, or is in work
 */
export const settleOverdue = async (
  tx: Transaction,
  settings: MediaSettings,
  overdue: OverdueMedia,
  isWaiting: boolean,
  now: Date,
): Promise<OverdueDecision> => {
  const row = await lockMedia(tx, overdue.media_object_id);
  const isDue = row?.ready_by !== null && row?.ready_by !== undefined && row.ready_by < now;
  if (row === undefined || !isDue || row.epoch !== overdue.epoch) return 'left';
  if (row.state !== 'processing' && row.state !== 'degraded') return 'left';

  const next = new Date(now.getTime() + settings.readyDeadlineMs);
  const asked = overdue.request?.created_at ?? now;
  // A sweeper that was away itself gives everything one more deadline.
  const latest = new Date(Math.max(asked.getTime() + settings.readyDeadlineMaxMs, next.getTime()));
  const settle_by = row.settle_by ?? latest;
  if (settle_by <= now) return settle(tx, settings, row);

  const watch = { ready_by: next < settle_by ? next : settle_by, settle_by };
  if (isOfferable(settings, row) && isWaiting) {
    await writeMedia(tx, settings, row, { ...watch, state: 'degraded' });
    return 'offered';
  }
  if (isWaiting) {
    // Bookkeeping that nobody sees: no revision, and nothing to tell.
    await keepBooks(tx, row.media_object_id, watch);
    return 'extended';
  }
  // A result that was applied since the queue was looked at may have asked for the next step.
  if ((await latestRequestId(tx, row)) !== overdue.request?.id) return 'left';
  if (row.epoch >= settings.maxAttempts) return settle(tx, settings, row);
  await beginEpoch(tx, settings, row, watch);
  return 'redriven';
};
