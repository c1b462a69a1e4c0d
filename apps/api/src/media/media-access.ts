import type { MediaRow, Reader } from './media-row.ts';
import { readMedia } from './media-row.ts';
import { ProblemError } from './problem-error.ts';

/** Owner, or member of a conversation that refers to it. */
export const maySee = async (db: Reader, row: MediaRow, userId: string): Promise<boolean> => {
  if (row.owner_user_id === userId) return true;
  const reference = await db.media_reference.findFirst({
    where: {
      media_object_id: row.media_object_id,
      conversation: { members: { some: { user_id: userId } } },
    },
    select: { media_object_id: true },
  });
  return reference !== null;
};

/** @throws ProblemError `not_found`, the same for what is not there and what is not yours */
export const readVisibleMedia = async (
  db: Reader,
  mediaObjectId: string,
  userId: string,
): Promise<MediaRow> => {
  const row = await readMedia(db, mediaObjectId);
  if (row === undefined || !(await maySee(db, row, userId))) throw new ProblemError('not_found');
  return row;
};
