import { type Executor, Prisma, type Transaction } from '@claimcheck/database/database';
import type { DomainConfig } from '../record/domain-config.ts';
import { lockMedia } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';
import { appendMediaUpdate } from './conversation-events.ts';

/**
 * Largest number of conversations notified in the transaction of the change. With more, a fan-out row is written, and all
 * are notified afterwards. An existing row restarts with the newer rev: a conversation without the older one gets the
 * newer one, and none gets the same one twice.
 */
export const INLINE_CONVERSATIONS = 20;
/** Number of conversations that one transaction of a fan-out notifies. */
export const FAN_OUT_PAGE = 200;

const conversationsAfter = async (
  tx: Transaction,
  mediaObjectId: string,
  cursor: string,
  limit: number,
): Promise<string[]> => {
  const rows = await tx.query<{ conversation_id: string }>(Prisma.sql`
    SELECT DISTINCT conversation_id FROM media_reference
    WHERE media_object_id = ${mediaObjectId}::uuid AND conversation_id > ${cursor}
    ORDER BY conversation_id LIMIT ${limit}`);
  return rows.map(({ conversation_id }) => conversation_id);
};

export const hasFanOut = async (on: Pick<Executor, 'query'>): Promise<boolean> => {
  const rows = await on.query(Prisma.sql`SELECT 1 FROM fanout LIMIT 1`);
  return rows.length > 0;
};

export interface FanOutStep {
  media_object_id: string;
  rev: number;
  /** Number of conversations that this step notified. */
  told: number;
  done: boolean;
}

/**
 * Performs one step of the oldest fan-out that no other process works on: at most {@link FAN_OUT_PAGE} conversations get
 * the media object's current rev.
 *
 * @returns undefined when there is nothing to do
 */
export const fanOutStep = async (
  tx: Transaction,
  settings: DomainConfig,
): Promise<FanOutStep | undefined> => {
  const [next] = await tx.query<{ media_object_id: string }>(Prisma.sql`
    SELECT media_object_id FROM fanout JOIN media_object USING (media_object_id)
    ORDER BY fanout.created_at LIMIT 1 FOR UPDATE OF media_object SKIP LOCKED`);
  if (next === undefined) return undefined;
  const { media_object_id } = next;
  const row = await lockMedia(tx, media_object_id);
  const isIt = Prisma.sql`media_object_id = ${media_object_id}::uuid`;
  const [plan] = await tx.query<{ rev: number; cursor: string }>(Prisma.sql`
    SELECT rev, cursor FROM fanout WHERE ${isIt}`);
  // Another process ended it while this one waited.
  if (row === undefined || plan === undefined) return { media_object_id, rev: 0, told: 0, done: true };
  // A later change had few enough conversations left, and notified all of them itself.
  const isStale = plan.rev !== row.rev;
  const page = isStale ? [] : await conversationsAfter(tx, media_object_id, plan.cursor, FAN_OUT_PAGE);
  const done = page.length < FAN_OUT_PAGE;
  const last = page.at(-1);
  if (done || last === undefined) await tx.query(Prisma.sql`DELETE FROM fanout WHERE ${isIt}`);
  else await tx.query(Prisma.sql`UPDATE fanout SET cursor = ${last} WHERE ${isIt}`);
  await appendMediaUpdate(tx, page, toMedia(row, settings.publicUrl));
  return { media_object_id, rev: row.rev, told: page.length, done };
};
