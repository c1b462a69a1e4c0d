import type { HostData } from '@claimcheck/contracts/host-data';
import type { GalleryItem, GalleryPage } from '@claimcheck/contracts/lists';
import type { MediaKind } from '@claimcheck/contracts/media';
import { type Database, Prisma } from '@claimcheck/database/database';
import { z } from 'zod';
import type { DomainConfig } from '../record/domain-config.ts';
import { readMediaOf } from '../record/media-row.ts';
import { toMedia } from '../record/media-view.ts';
import { readCursor, toPage } from '../record/page-cursor.ts';
import { readStoredMessages, type StoredMessage } from './message-view.ts';

interface ListQuery {
  kind?: MediaKind | undefined;
  before?: string | undefined;
  limit: number;
}

interface ReferenceRow {
  media_object_id: string;
  kind: string;
  ref_id: string;
  data: HostData | null;
  created_at: Date;
}

const place = z.tuple([z.iso.datetime(), z.guid(), z.string().max(128)]);

/** Returns a conversation's references to media that still exist, newest first; one more than a page. */
export const gallerySql = (conversationId: string, { kind, before, limit }: ListQuery): Prisma.Sql => {
  const from = readCursor(place, before);
  return Prisma.sql`
    SELECT media_object_id, media_reference.kind, ref_id, media_reference.data, media_reference.created_at
    FROM media_reference JOIN media_object USING (media_object_id)
    WHERE media_reference.conversation_id = ${conversationId}
      AND media_object.state NOT IN ('blocked', 'expired', 'deleted')
      ${kind === undefined ? Prisma.empty : Prisma.sql`AND media_object.kind = ${kind}::media_kind`}
      ${
        from === undefined
          ? Prisma.empty
          : Prisma.sql`AND (media_reference.created_at, media_object_id, ref_id)
            < (${from[0]}::timestamptz, ${from[1]}::uuid, ${from[2]})`
      }
    ORDER BY media_reference.created_at DESC, media_object_id DESC, ref_id DESC LIMIT ${limit + 1}`;
};

const shownIn = (message: StoredMessage | undefined, mediaObjectId: string) => {
  if (message === undefined) return {};
  const { message_id, seq, sender_user_id, created_at, attachments } = message;
  const texts = attachments.find(({ media_object_id }) => media_object_id === mediaObjectId) ?? message;
  return {
    message: { message_id, seq: Number(seq), sender_user_id, created_at: created_at.toISOString() },
    filename: texts.filename ?? undefined,
    alt: texts.alt ?? undefined,
  };
};

/** Returns a conversation's media, newest first: those of messages, and those of a host's references. */
export const listGallery = async (
  database: Database,
  settings: DomainConfig,
  conversationId: string,
  query: ListQuery,
): Promise<GalleryPage> => {
  const rows = await database.query<ReferenceRow>(gallerySql(conversationId, query));
  const { page, next } = toPage(rows, query.limit, ({ created_at, media_object_id, ref_id }) => [
    created_at,
    media_object_id,
    ref_id,
  ]);
  const ids = page.map(({ media_object_id }) => media_object_id);
  const messageIds = page.flatMap(({ kind, ref_id }) => (kind === 'message' ? [ref_id] : []));
  const [mediaById, messages] = await Promise.all([
    readMediaOf(database, ids),
    readStoredMessages(database, Prisma.sql`WHERE message_id = ANY(${messageIds}::uuid[])`),
  ]);
  const messageById = new Map(messages.map((row) => [row.message_id, row]));
  const items = page.flatMap(({ media_object_id, kind, ref_id, data }): GalleryItem[] => {
    const row = mediaById.get(media_object_id);
    if (row === undefined) return [];
    return [
      {
        media: toMedia(row, settings.publicUrl),
        ...shownIn(messageById.get(ref_id), media_object_id),
        reference: { kind, ref_id, data: data ?? undefined },
      },
    ];
  });
  return { items, next };
};
