import type { Message } from '@claimcheck/contracts/messages';
import { type Executor, Prisma } from '@claimcheck/database/database';
import type { Viewer } from '../access/media-access.ts';
import { DERIVATIVES, type JoinedMedia, type MediaRow, withDerivatives } from '../record/media-row.ts';

/** The conversation and the sender of a message: a member, or a backend as the system. */
export interface Posting
  extends Pick<Message, 'conversation_id' | 'sender_user_id'>,
    Pick<Viewer, 'is_backend'> {}

interface Key {
  is_member: boolean;
  has_conversation: boolean;
  /** The message with this key. */
  message_id: string | null;
  /** The message with this key was deleted. */
  is_deleted: boolean;
}

interface Candidate {
  row: MediaRow;
  /** The sender owns it, or is in a conversation that refers to it. */
  is_visible: boolean;
}

/** Everything that the decision about a message needs, at one moment. */
export interface Outset extends Key {
  /** Media objects by id; missing ones are not among them. */
  media: ReadonlyMap<string, Candidate>;
}

interface Found extends JoinedMedia {
  is_visible: boolean;
}

/** Without media, or when none of them exists, the columns of a media object are null or missing. */
type Read = Key & (Found | { media_object_id?: null });

const withMedia = (mediaObjectIds: readonly string[], sender: string) => ({
  columns: Prisma.sql`, media_object.*, ${DERIVATIVES},
    owner_user_id = ${sender} OR EXISTS (
      SELECT FROM media_reference JOIN conversation_member USING (conversation_id)
      WHERE media_reference.media_object_id = media_object.media_object_id AND user_id = ${sender}) AS is_visible`,
  from: Prisma.sql`
    FROM (VALUES (1)) AS always LEFT JOIN media_object ON media_object_id = ANY(${[...mediaObjectIds]}::uuid[])`,
});

/** Looks up the key, the membership and the media in one statement, so that it finds either a message or its tombstone. */
export const readOutset = async (
  on: Executor,
  { conversation_id, sender_user_id }: Posting,
  clientMessageId: string,
  mediaObjectIds: readonly string[],
): Promise<Outset> => {
  const { columns, from } =
    mediaObjectIds.length === 0
      ? { columns: Prisma.empty, from: Prisma.empty }
      : withMedia(mediaObjectIds, sender_user_id);
  const rows = await on.query<Read>(Prisma.sql`
    SELECT EXISTS (
        SELECT FROM conversation_member WHERE conversation_id = ${conversation_id} AND user_id = ${sender_user_id}
      ) AS is_member,
      EXISTS (SELECT FROM conversation WHERE conversation_id = ${conversation_id}) AS has_conversation,
      (SELECT message_id FROM message WHERE sender_user_id = ${sender_user_id}
        AND conversation_id = ${conversation_id} AND client_message_id = ${clientMessageId}) AS message_id,
      EXISTS (SELECT FROM message_tombstone WHERE sender_user_id = ${sender_user_id}
        AND conversation_id = ${conversation_id} AND client_message_id = ${clientMessageId}) AS is_deleted
      ${columns} ${from}`);
  const [first] = rows;
  if (first === undefined) throw new Error('a SELECT without a condition gives a row');
  const { is_member, has_conversation, message_id, is_deleted } = first;
  const media = rows.flatMap((row): [string, Candidate][] => {
    if (!('owner_user_id' in row) || row.media_object_id === null) return [];
    const { is_visible, ...stored } = row;
    return [[row.media_object_id, { row: withDerivatives(stored), is_visible }]];
  });
  return { is_member, has_conversation, message_id, is_deleted, media: new Map(media) };
};
