import { type Database, Prisma } from '@claimcheck/database/database';
import type { MediaRow } from '../record/media-row.ts';

export interface StateTime {
  at: Date;
  state: string;
  /** The source: the row itself, its upload, or a conversation's log. */
  told_by: 'row' | 'upload' | 'conversation';
}

/** Reads when each state first appeared in the log of any conversation. */
const listTold = (database: Database, mediaObjectId: string): Promise<StateTime[]> =>
  database.query<StateTime>(Prisma.sql`
    SELECT min(created_at) AS at, payload->'media'->>'state' AS state, 'conversation' AS told_by
    FROM conversation_event
    WHERE type = 'media.updated' AND payload->'media'->>'media_object_id' = ${mediaObjectId}
    GROUP BY payload->'media'->>'rev', payload->'media'->>'state'
    ORDER BY at`);

/** Every change repeats the state, so the first time counts. */
const withoutRepetitions = (times: readonly StateTime[]): StateTime[] =>
  times.filter(({ state }, index) => state !== times[index - 1]?.state);

/**
 * Returns the state history of a media object, oldest first, as far as existing rows tell. A separate history would be
 * written with every upload and read once in a while: see docs/decisions/0012-state-times.md. The last time is that of the
 * row's last change, which may be later than that of its state.
 */
export const listStateTimes = async (database: Database, row: MediaRow): Promise<StateTime[]> => {
  const { media_object_id, state, upload_state, created_at, updated_at } = row;
  const [upload, told] = await Promise.all([
    database.client.upload_session.findFirst({
      where: { media_object_id, phase: 'complete' },
      select: { updated_at: true },
    }),
    listTold(database, media_object_id),
  ]);
  const known: StateTime[] = [
    { at: created_at, state: upload_state === 'pending' ? 'pending' : 'uploading', told_by: 'row' },
    ...(upload === null ? [] : [{ at: upload.updated_at, state: 'processing', told_by: 'upload' } as const]),
    ...told,
  ];
  const sorted = known.toSorted((one, other) => one.at.getTime() - other.at.getTime());
  return withoutRepetitions([...sorted, { at: updated_at, state, told_by: 'row' }]);
};
