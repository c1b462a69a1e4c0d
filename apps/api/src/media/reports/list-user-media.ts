import type { UserMediaPage } from '@claimcheck/contracts/lists';
import type { MediaKind } from '@claimcheck/contracts/media';
import { type Database, Prisma } from '@claimcheck/database/database';
import { z } from 'zod';
import type { DomainConfig } from '../record/domain-config.ts';
import { toMedia } from '../record/media-view.ts';
import { readCursor, toPage } from '../record/page-cursor.ts';

interface ListQuery {
  kind?: MediaKind | undefined;
  before?: string | undefined;
  limit: number;
}

const place = z.tuple([z.guid()]);

/** Returns ids of a user's media objects that still take space, newest first; one more than a page. */
export const userMediaSql = (userId: string, { kind, before, limit }: ListQuery): Prisma.Sql => {
  // Our ids start with the time (UUIDv7), so their order is that of creation.
  const from = readCursor(place, before);
  return Prisma.sql`
    SELECT media_object_id FROM media_object
    WHERE owner_user_id = ${userId} AND state NOT IN ('expired', 'deleted')
      ${kind === undefined ? Prisma.empty : Prisma.sql`AND kind = ${kind}::media_kind`}
      ${from === undefined ? Prisma.empty : Prisma.sql`AND media_object_id < ${from[0]}::uuid`}
    ORDER BY media_object_id DESC LIMIT ${limit + 1}`;
};

/** Returns a user's media objects, newest first, sent or not. */
export const listUserMedia = async (
  database: Database,
  settings: DomainConfig,
  userId: string,
  query: ListQuery,
): Promise<UserMediaPage> => {
  const rows = await database.query<{ media_object_id: string }>(userMediaSql(userId, query));
  const { page, next } = toPage(rows, query.limit, ({ media_object_id }) => [media_object_id]);
  const media = await database.client.media_object.findMany({
    where: { media_object_id: { in: page.map(({ media_object_id }) => media_object_id) } },
    include: { derivatives: true },
    orderBy: { media_object_id: 'desc' },
  });
  return { media: media.map((row) => toMedia(row, settings.publicUrl)), next };
};
