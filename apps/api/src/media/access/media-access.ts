import { isMember } from '@claimcheck/database/conversation-log';
import { ProblemError } from '../../problem-error.ts';
import type { MediaRow, Reader } from '../record/media-row.ts';
import { readMedia } from '../record/media-row.ts';
import type { SessionScope } from './media-sessions.ts';

/** The user of a request that reads media. */
export interface Viewer {
  user_id: string;
  /** A media session opens this and no more; undefined: all that the user may see. */
  scope?: SessionScope | undefined;
}

type Asked = Pick<MediaRow, 'media_object_id' | 'owner_user_id'>;

const conversationsWith = (media: Asked, userId: string) => ({
  media_object_id: media.media_object_id,
  conversation: { members: { some: { user_id: userId } } },
});

/**
 * What gives a user the right to see a media object: that it is their own (null), or a conversation that
 * refers to it and that they are a member of. Undefined: nothing does.
 */
export const findAccess = async (
  db: Reader,
  media: Asked,
  userId: string,
): Promise<SessionScope | undefined> => {
  if (media.owner_user_id === userId) return { conversation_id: null };
  const reference = await db.media_reference.findFirst({
    where: conversationsWith(media, userId),
    select: { conversation_id: true },
  });
  return reference ?? undefined;
};

/** Owner, or member of a conversation that refers to it. */
export const maySee = async (db: Reader, media: Asked, userId: string): Promise<boolean> =>
  (await findAccess(db, media, userId)) !== undefined;

const isWithin = async (
  db: Reader,
  media: Asked,
  userId: string,
  { conversation_id }: SessionScope,
): Promise<boolean> => {
  if (conversation_id === null) return media.owner_user_id === userId;
  const reference = await db.media_reference.findFirst({
    where: { media_object_id: media.media_object_id, conversation_id },
    select: { ref_id: true },
  });
  // The session ends with the membership; this is for the moment between the two looks.
  return reference !== null && (await isMember(db, conversation_id, userId));
};

/** @throws ProblemError `not_found`, the same for what is not there and what is not yours */
export const readVisibleMedia = async (
  db: Reader,
  mediaObjectId: string,
  { user_id, scope }: Viewer,
): Promise<MediaRow> => {
  const row = await readMedia(db, mediaObjectId);
  const isVisible =
    row !== undefined &&
    (scope === undefined ? await maySee(db, row, user_id) : await isWithin(db, row, user_id, scope));
  if (!isVisible) throw new ProblemError('not_found');
  return row;
};
