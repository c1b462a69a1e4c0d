import type { HostData } from '@claimcheck/contracts/host-data';
import type { Message } from '@claimcheck/contracts/messages';
import { Prisma } from '@claimcheck/database/database';
import { type Reader, readMediaOf } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';

const MEDIA = { media_object: { include: { derivatives: true } } } as const;

/** The relations that {@link toMessage} needs. */
export const MESSAGE_INCLUDE = {
  ...MEDIA,
  attachments: { include: MEDIA, orderBy: { position: 'asc' } },
} as const satisfies Prisma.messageInclude;
export type MessageRow = Prisma.messageGetPayload<{ include: typeof MESSAGE_INCLUDE }>;

/** A message with its attachments, without media. */
export type StoredMessage = Omit<MessageRow, 'media_object' | 'attachments'> & {
  attachments: Omit<MessageRow['attachments'][number], 'media_object'>[];
};

/** @param which the conditions, the order and the limit */
export const readStoredMessages = (on: Reader, which: Prisma.Sql): Promise<StoredMessage[]> =>
  on.query<StoredMessage>(Prisma.sql`
    SELECT *, (
      SELECT coalesce(jsonb_agg(to_jsonb(attachment) ORDER BY position), '[]') FROM message_attachment AS attachment
      WHERE attachment.message_id = message.message_id) AS attachments
    FROM message ${which}`);

/** Reads messages with their media, in two statements. @param which the conditions, the order and the limit */
export const readMessages = async (on: Reader, which: Prisma.Sql): Promise<MessageRow[]> => {
  const rows = await readStoredMessages(on, which);
  const shown = rows.flatMap((row) => [row, ...row.attachments]);
  const media = await readMediaOf(on, [...new Set(shown.flatMap(({ media_object_id: id }) => id ?? []))]);
  const withMedia = <Row extends { media_object_id: string | null }>(row: Row) => ({
    ...row,
    media_object: media.get(row.media_object_id ?? '') ?? null,
  });
  return rows.map((row) => ({ ...withMedia(row), attachments: row.attachments.map(withMedia) }));
};

const toAttachment = (row: MessageRow['attachments'][number], publicUrl: string) => ({
  media_object_id: row.media_object_id ?? undefined,
  filename: row.filename ?? undefined,
  alt: row.alt ?? undefined,
  media: row.media_object === null ? undefined : toMedia(row.media_object, publicUrl),
});

/** Returns a row as `viewerId` sees it: only the sender gets the key that its client chose. */
export const toMessage = (row: MessageRow, publicUrl: string, viewerId: string): Message => {
  const isAlbum = row.attachments.length > 0;
  return {
    message_id: row.message_id,
    conversation_id: row.conversation_id,
    seq: Number(row.seq),
    sender_user_id: row.sender_user_id,
    client_message_id: row.sender_user_id === viewerId ? row.client_message_id : undefined,
    message_type: row.message_type,
    body: row.body ?? undefined,
    media_object_id: row.media_object_id ?? undefined,
    filename: row.filename ?? undefined,
    alt: row.alt ?? undefined,
    media: isAlbum || row.media_object === null ? undefined : toMedia(row.media_object, publicUrl),
    attachments: isAlbum ? row.attachments.map((item) => toAttachment(item, publicUrl)) : undefined,
    data: row.data === null ? undefined : (row.data as HostData),
    created_at: row.created_at.toISOString(),
    edited_at: row.edited_at?.toISOString(),
  };
};
