import { Prisma } from '@claimcheck/database/database';
import type { MediaRow, Reader } from '../record/media-row.ts';
import { readMedia } from '../record/media-row.ts';
import { noMedia } from '../record/not-found.ts';
import type { SessionScope } from './media-sessions.ts';

/** The caller of a request that reads media. */
export interface Viewer {
  user_id: string;
  /** A host's backend sees everything that it manages. */
  is_backend?: boolean | undefined;
  /** A pass opens this one media object and no other. */
  only?: string | undefined;
  /** A media session opens only this; undefined: everything that the user may see. */
  scope?: SessionScope | undefined;
}

type Asked = Pick<MediaRow, 'media_object_id' | 'owner_user_id'>;

/** Selects the conversations that refer to a media object and have the user as a member. */
const conversationsWith = (media: Asked, userId: string) => Prisma.sql`
  SELECT conversation_id FROM media_reference JOIN conversation_member USING (conversation_id)
  WHERE media_object_id = ${media.media_object_id}::uuid AND user_id = ${userId}`;

/**
 * Finds the user's right to see a media object: their ownership (null), or a conversation that refers to it and has them
 * as a member. Returns undefined if they have none. A backend sees the media object as its owner does.
 */
export const findAccess = async (
  on: Reader,
  media: Asked,
  { user_id, is_backend }: Pick<Viewer, 'user_id' | 'is_backend'>,
): Promise<SessionScope | undefined> => {
  if (is_backend === true || media.owner_user_id === user_id) return { conversation_id: null };
  const [conversation] = await on.query<{ conversation_id: string }>(Prisma.sql`
    ${conversationsWith(media, user_id)} LIMIT 1`);
  return conversation;
};

/** Owner, or member of a conversation that refers to it. */
const maySee = async (on: Reader, media: Asked, userId: string): Promise<boolean> =>
  (await findAccess(on, media, { user_id: userId })) !== undefined;

const isWithin = async (
  on: Reader,
  media: Asked,
  userId: string,
  { conversation_id }: SessionScope,
): Promise<boolean> => {
  if (conversation_id === null) return media.owner_user_id === userId;
  // The session ends with the membership; this covers the moment between the two reads.
  const rows = await on.query(Prisma.sql`
    ${conversationsWith(media, userId)} AND conversation_id = ${conversation_id} LIMIT 1`);
  return rows.length > 0;
};

/** @throws ProblemError `not_found`, the same for missing media and for another user's */
export const readVisibleMedia = async (
  on: Reader,
  mediaObjectId: string,
  { user_id, is_backend, only, scope }: Viewer,
): Promise<MediaRow> => {
  const row = await readMedia(on, mediaObjectId);
  const isVisible =
    row !== undefined &&
    (only === undefined || only === mediaObjectId) &&
    (is_backend === true ||
      (scope === undefined ? await maySee(on, row, user_id) : await isWithin(on, row, user_id, scope)));
  if (!isVisible) throw noMedia();
  return row;
};
