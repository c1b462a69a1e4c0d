import type { HostData } from '@claimcheck/contracts/host-data';
import type { Message } from '@claimcheck/contracts/messages';
import type { Prisma } from '@claimcheck/database/database';
import { toMedia } from '../record/media-view.ts';

const MEDIA = { media_object: { include: { derivatives: true } } } as const;

/** The relations that {@link toMessage} needs. */
export const MESSAGE_INCLUDE = {
  ...MEDIA,
  attachments: { include: MEDIA, orderBy: { position: 'asc' } },
} as const satisfies Prisma.messageInclude;
export type MessageRow = Prisma.messageGetPayload<{ include: typeof MESSAGE_INCLUDE }>;

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
