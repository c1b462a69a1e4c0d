import { type Database, Prisma, type Transaction } from '@claimcheck/database/database';
import { writeMedia } from '../lifecycle/write-media.ts';
import { bringBack } from '../messages/references.ts';
import { keepBooks } from '../record/bookkeeping.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { isReferenced } from '../record/is-referenced.ts';
import { lockMedia, type MediaColumns, type MediaRow, readDerivatives } from '../record/media-row.ts';

export type OrphanDecision = 'expiring' | 'expired' | 'brought_back' | 'left';

/** The last of a page of due rows: the next page starts after it. */
export interface DueCursor {
  due_at: Date;
  media_object_id: string;
}

/** Sorts before every due row. */
export const FIRST_DUE: DueCursor = {
  due_at: new Date(0),
  media_object_id: '00000000-0000-0000-0000-000000000000',
};

const DUE_STATES = Prisma.sql`('ready', 'degraded', 'failed', 'expiring')`;

/** Returns a page of settled media objects whose time without a reference is over, longest wait first. */
export const listOrphans = async (
  database: Pick<Database, 'query'>,
  now: Date,
  after: DueCursor,
  limit: number,
): Promise<DueCursor[]> =>
  database.query<DueCursor>(Prisma.sql`
  SELECT media_object_id, expires_at AS due_at FROM media_object
  WHERE expires_at < ${now}::timestamptz AND state IN ${DUE_STATES}
    AND (expires_at, media_object_id) > (${after.due_at}::timestamptz, ${after.media_object_id}::uuid)
  ORDER BY expires_at, media_object_id LIMIT ${limit}`);

const expireUnreferenced = async (
  tx: Transaction,
  settings: DomainConfig,
  row: MediaRow,
  now: Date,
): Promise<OrphanDecision> => {
  if (row.state === 'expiring') {
    await writeMedia(tx, settings, row, { state: 'expired', former_state: null, expires_at: null });
    return 'expired';
  }
  if (row.state !== 'ready' && row.state !== 'degraded' && row.state !== 'failed') return 'left';
  await writeMedia(tx, settings, row, {
    state: 'expiring',
    former_state: row.state,
    ready_by: null,
    expires_at: new Date(now.getTime() + settings.orphanGraceMs),
  });
  return 'expiring';
};

type Decided = Pick<DueCursor, 'media_object_id'> & { decision: OrphanDecision };

/**
 * Decides about a batch of orphans in one transaction. It skips orphans that another process works on, so that processes
 * share a backlog. Referenced ones are `left`, because a transaction that notifies conversations locks no further media
 * object.
 */
export const expireOrphans = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectIds: readonly string[],
  now: Date,
): Promise<Decided[]> => {
  const rows = await tx.query<MediaColumns & { is_referenced: boolean }>(Prisma.sql`
    SELECT media_object.*, EXISTS (
      SELECT FROM media_reference WHERE media_reference.media_object_id = media_object.media_object_id) AS is_referenced
    FROM media_object WHERE media_object_id = ANY(${[...mediaObjectIds]}::uuid[])
      AND expires_at < ${now}::timestamptz AND state IN ${DUE_STATES}
    ORDER BY media_object_id FOR UPDATE OF media_object SKIP LOCKED`);
  const derivatives = await readDerivatives(
    tx,
    rows.map(({ media_object_id }) => media_object_id),
  );
  const decided: Decided[] = [];
  // Sorted by owner: usage rows are locked in ascending order.
  for (const { is_referenced, ...columns } of rows.toSorted((a, b) =>
    a.owner_user_id < b.owner_user_id ? -1 : 1,
  )) {
    const { media_object_id } = columns;
    const own = derivatives.filter((derivative) => derivative.media_object_id === media_object_id);
    const row = { ...columns, derivatives: own };
    const decision = is_referenced ? 'left' : await expireUnreferenced(tx, settings, row, now);
    decided.push({ media_object_id, decision });
  }
  return decided;
};

/**
 * Decides about one orphan, under its lock, after a second check for references. It is `expiring` first; if it has no
 * reference until the grace period ends, it is `expired`, and its objects are swept.
 */
export const expireOrphan = async (
  tx: Transaction,
  settings: DomainConfig,
  mediaObjectId: string,
  now: Date,
): Promise<OrphanDecision> => {
  const row = await lockMedia(tx, mediaObjectId);
  if (row?.expires_at === undefined || row.expires_at === null || row.expires_at >= now) return 'left';
  if (await isReferenced(tx, mediaObjectId)) {
    await keepBooks(tx, mediaObjectId, { expires_at: null });
    await bringBack(tx, settings, row);
    return 'brought_back';
  }
  return expireUnreferenced(tx, settings, row, now);
};
