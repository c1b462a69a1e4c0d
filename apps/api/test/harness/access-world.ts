import { uploadAuthorizationSchema } from '@claimcheck/contracts/openapi/answer-schemas';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { openMediaSession } from '../../src/media/access/media-sessions.ts';
import { addMember, removeMember } from '../../src/media/messages/conversations.ts';
import { createUpload } from '../../src/media/uploads/create-upload.ts';
import { filmWithHls, readyMedia } from './ready-media.ts';
import type { TestApi } from './test-api.ts';

/** All kinds of callers: the credentials that they send as a bearer token, or as `?t=`. */
export const ACTORS = [
  'owner',
  'member',
  'former member',
  'stranger',
  'expired token',
  'upload ticket',
  'media session',
  'backend',
] as const;
export type Actor = (typeof ACTORS)[number];

/** A media object of the owner in a message of a conversation, and an unfinished upload of the owner. */
export interface AccessWorld {
  media: string;
  /** Owned, and unreferenced. */
  unsent: string;
  conversation: string;
  message: string;
  upload: string;
  /** A direct upload that the owner started; it has more than one part. */
  multipart: string;
  /** The owner's film, in the same conversation, with playlists and segments. */
  film: string;
  ticketFor(uploadId: string): string;
  /** Credentials that an actor sends; the upload ticket is that of `upload`. */
  credentials: Record<Actor, { token?: string; t?: string }>;
}

const MULTIPART_BYTES = 6 * 1_024 ** 2;

const openUpload = async ({ context }: TestApi): Promise<string> => {
  const { database, settings } = context;
  const { session } = await database.autocommit((on) =>
    createUpload(on, settings, {
      owner_user_id: 'ann',
      length: 5,
      part_size: 8_388_608,
      metadata: { filename: 'a.txt', filetype: 'text/plain', client_media_id: uuidv7() },
    }),
  );
  return session.upload_id;
};

/** Starts it with the clients' call, so that the multipart upload in the storage is open. */
export const authorizeDirect = async (
  api: TestApi,
  protocol: 'put' | 'multipart',
  size_bytes: number,
): Promise<z.infer<typeof uploadAuthorizationSchema>> => {
  const { text } = await api.post('ann', '/v1/media', {
    client_media_id: uuidv7(),
    filename: 'a.bin',
    content_type: 'application/octet-stream',
    size_bytes,
    protocols: [protocol],
  });
  return uploadAuthorizationSchema.parse(JSON.parse(text));
};

export const createAccessWorld = async (api: TestApi): Promise<AccessWorld> => {
  const { database, tickets } = api.context;
  const conversation = `c-${uuidv7()}`;
  const [media, unsent, upload] = [await readyMedia(api), await readyMedia(api), await openUpload(api)];
  const film = await filmWithHls(api);
  const { media: inParts } = await authorizeDirect(api, 'multipart', MULTIPART_BYTES);
  const message = await api.db.shared(media, conversation);
  await api.db.shared(film, conversation);
  await database.transaction((tx) => addMember(tx, conversation, 'ben'));
  await database.transaction((tx) => addMember(tx, conversation, 'fay'));
  await database.transaction((tx) => removeMember(tx, conversation, 'fay'));
  const session = await openMediaSession(database, 'ben', { conversation_id: conversation }, 600_000);
  const ticketFor = (uploadId: string): string =>
    tickets?.sign({
      user_id: 'ann',
      media_object_id: uploadId,
      size_bytes: 5,
      content_type: 'text/plain',
      expires_at: new Date(Date.now() + 600_000),
    }) ?? '';
  return {
    media,
    unsent,
    upload,
    multipart: inParts.media_object_id,
    film,
    conversation,
    message,
    ticketFor,
    credentials: {
      owner: { token: api.tokenFor('ann') },
      member: { token: api.tokenFor('ben') },
      'former member': { token: api.tokenFor('fay') },
      stranger: { token: api.tokenFor('eve') },
      'expired token': { token: api.tokenFor('ann', { expiresIn: -5 }) },
      'upload ticket': { token: ticketFor(upload) },
      'media session': { t: session.token },
      backend: { token: api.tokenFor('host', { scope: 'claimcheck:admin' }) },
    },
  };
};
