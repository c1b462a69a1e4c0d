import { type Database, Prisma } from '@claimcheck/database/database';
import { type MediaRow, readMedia } from '../record/media-row.ts';
import { noMedia } from '../record/not-found.ts';
import type { Viewer } from './media-access.ts';

interface Look {
  row: MediaRow | undefined;
  /** The users who asked and may see it. */
  viewers: ReadonlySet<string>;
}

interface Batch {
  userIds: Set<string>;
  look: Promise<Look>;
}

/** Reads a media object once for all callers of the same moment: a change may wake thousands of waiters. */
export class VisibleMediaReader {
  readonly #database: Database;
  readonly #batches = new Map<string, Batch>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws ProblemError `not_found`, the same for missing media and for another user's */
  async read(
    mediaObjectId: string,
    { user_id: userId, is_backend }: Pick<Viewer, 'user_id' | 'is_backend'>,
  ): Promise<MediaRow> {
    const batch = this.#batches.get(mediaObjectId) ?? this.#open(mediaObjectId);
    batch.userIds.add(userId);
    const { row, viewers } = await batch.look;
    const isVisible = is_backend === true || row?.owner_user_id === userId || viewers.has(userId);
    if (row === undefined || !isVisible) throw noMedia();
    return row;
  }

  #open(mediaObjectId: string): Batch {
    const userIds = new Set<string>();
    const full = new Promise<void>((resolve) => setImmediate(resolve));
    const look = full.then(() => {
      // A request that arrives from here on needs a later read.
      this.#batches.delete(mediaObjectId);
      return this.#look(mediaObjectId, [...userIds]);
    });
    const batch = { userIds, look };
    this.#batches.set(mediaObjectId, batch);
    return batch;
  }

  async #look(mediaObjectId: string, userIds: string[]): Promise<Look> {
    const [row, members] = await Promise.all([
      readMedia(this.#database, mediaObjectId),
      this.#database.query<{ user_id: string }>(Prisma.sql`
        SELECT DISTINCT user_id FROM media_reference JOIN conversation_member USING (conversation_id)
        WHERE media_object_id = ${mediaObjectId}::uuid AND user_id = ANY(${userIds}::text[])`),
    ]);
    return { row, viewers: new Set(members.map(({ user_id }) => user_id)) };
  }
}
