import { isTombstone } from '@claimcheck/contracts/media';
import type { Database } from '@claimcheck/database/database';
import { MESSAGE_INCLUDE, type MessageRow, toMessage } from '../messages/message-view.ts';
import { readAllowance } from '../quota/allowance.ts';
import type { DomainConfig } from '../record/domain-config.ts';
import { formatsOf, type MediaRow } from '../record/media-row.ts';
import { sourceUrlOf, toMedia } from '../record/media-view.ts';

/** A line of an export; `type` says what the other fields are. */
export type ExportedRecord = { type: string } & Record<string, unknown>;

type Client = Database['client'];

const PAGE = 100;

/** Reads pages until one is not full. @param read reads the page after a row */
async function* pages<Row>(read: (last: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let last: Row | undefined, more = true; more; ) {
    const page = await read(last);
    if (page.length > 0) yield page;
    last = page.at(-1);
    more = page.length === PAGE;
  }
}

/** Where the bytes are; empty once they are deleted. */
const objectsOf = (row: MediaRow) => {
  if (isTombstone(row.state)) return [];
  const place = ({ s3_bucket, object_storage_key }: { s3_bucket: string; object_storage_key: string }) => ({
    s3_bucket,
    object_storage_key,
  });
  const source = row.upload_state === 'uploaded' ? [{ quality: 'source', ...place(row) }] : [];
  const derived = row.derivatives
    .flatMap(formatsOf)
    .map((one) => ({ quality: one.quality, format: one.format, ...place(one) }));
  return [...source, ...derived];
};

async function* exportMedia(client: Client, { publicUrl }: DomainConfig, userId: string) {
  const read = (after: { media_object_id: string } | undefined) =>
    client.media_object.findMany({
      where: {
        owner_user_id: userId,
        ...(after === undefined ? {} : { media_object_id: { gt: after.media_object_id } }),
      },
      include: { derivatives: true, aliases: { select: { client_media_id: true } } },
      orderBy: { media_object_id: 'asc' },
      take: PAGE,
    });
  for await (const page of pages(read)) {
    for (const row of page)
      yield {
        type: 'media',
        ...toMedia(row, publicUrl),
        sourceUrl: sourceUrlOf(publicUrl, row.media_object_id),
        client_media_ids: row.aliases.map(({ client_media_id }) => client_media_id),
        objects: objectsOf(row),
      };
    yield* exportReferences(
      client,
      page.map(({ media_object_id }) => media_object_id),
    );
  }
}

/** Exports where media objects are shown, by whomever. */
async function* exportReferences(client: Client, mediaObjectIds: string[]) {
  type Key = { media_object_id: string; kind: string; ref_id: string };
  const read = (after: Key | undefined) =>
    client.media_reference.findMany({
      where: { media_object_id: { in: mediaObjectIds } },
      orderBy: [{ media_object_id: 'asc' }, { kind: 'asc' }, { ref_id: 'asc' }],
      take: PAGE,
      ...(after === undefined
        ? {}
        : {
            skip: 1,
            cursor: {
              media_object_id_kind_ref_id: {
                media_object_id: after.media_object_id,
                kind: after.kind,
                ref_id: after.ref_id,
              },
            },
          }),
    });
  for await (const page of pages(read)) for (const row of page) yield { type: 'reference', ...row };
}

/** The media objects have lines of their own, or belong to others. */
const withoutMedia = (row: MessageRow, publicUrl: string, userId: string) => {
  const { media: _, attachments, ...message } = toMessage(row, publicUrl, userId);
  return { ...message, attachments: attachments?.map(({ media: __, ...attachment }) => attachment) };
};

async function* exportMessages(client: Client, { publicUrl }: DomainConfig, userId: string) {
  const read = (after: MessageRow | undefined) =>
    client.message.findMany({
      where: { sender_user_id: userId },
      include: MESSAGE_INCLUDE,
      orderBy: [{ conversation_id: 'asc' }, { client_message_id: 'asc' }],
      take: PAGE,
      ...(after === undefined ? {} : { skip: 1, cursor: { message_id: after.message_id } }),
    });
  for await (const page of pages(read))
    for (const row of page) yield { type: 'message', ...withoutMedia(row, publicUrl, userId) };
}

/** Exports what only describes the user; few rows. */
async function* exportRest(client: Client, userId: string) {
  const created = { where: { created_by: userId }, select: { conversation_id: true, created_at: true } };
  for (const row of await client.conversation.findMany(created)) yield { type: 'conversation', ...row };
  const memberships = await client.conversation_member.findMany({ where: { user_id: userId } });
  for (const { user_id: _, ...row } of memberships) yield { type: 'membership', ...row };
  const uploads = await client.upload_session.findMany({
    where: { owner_user_id: userId, phase: { in: ['open', 'completing'] } },
  });
  for (const { upload_id, media_object_id, protocol, length, offset, metadata, created_at } of uploads) {
    const bytes = { length: length === null ? null : Number(length), offset: Number(offset) };
    yield { type: 'unfinished_upload', upload_id, media_object_id, protocol, ...bytes, metadata, created_at };
  }
  // The token is a credential.
  const sessions = await client.media_session.findMany({ where: { user_id: userId }, omit: { token: true } });
  for (const { user_id: _, ...row } of sessions) yield { type: 'media_session', ...row };
  const deleted = await client.message_tombstone.findMany({ where: { sender_user_id: userId } });
  for (const { sender_user_id: _, ...row } of deleted) yield { type: 'deleted_message', ...row };
}

/**
 * Exports what is known about a user, one record after the other, a page of rows at a time. Rows that change meanwhile may
 * be in it as they were or as they are.
 */
export async function* exportUser(
  database: Database,
  settings: DomainConfig,
  userId: string,
): AsyncGenerator<ExportedRecord> {
  const { limits, used } = await readAllowance(database, settings, userId);
  yield { type: 'user', user_id: userId, limits, used: { ...used, bytes: Number(used.bytes) } };
  yield* exportMedia(database.client, settings, userId);
  yield* exportMessages(database.client, settings, userId);
  yield* exportRest(database.client, userId);
}
