import { v7 as uuidv7 } from 'uuid';
import { addMember, removeMember } from '../../src/media/conversations.ts';
import { createUpload } from '../../src/media/create-upload.ts';
import { openMediaSession } from '../../src/media/media-sessions.ts';
import { readyMedia } from './ready-media.ts';
import type { TestApi } from './test-api.ts';

/** Everybody who may come: what they send as a bearer token, or as `?t=`. */
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

/** A media object of the owner in a message of a conversation, and an upload of the owner that is not finished. */
export interface AccessWorld {
  media: string;
  /** Owned, and not referred to. */
  unsent: string;
  conversation: string;
  message: string;
  upload: string;
  /** What an actor shows. */
  credentials: Record<Actor, { token?: string; t?: string }>;
}

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

export const createAccessWorld = async (api: TestApi): Promise<AccessWorld> => {
  const { database, tickets } = api.context;
  const conversation = `c-${uuidv7()}`;
  const [media, unsent, upload] = [await readyMedia(api), await readyMedia(api), await openUpload(api)];
  const message = await api.db.shared(media, conversation);
  await database.transaction((tx) => addMember(tx, conversation, 'ben'));
  await database.transaction((tx) => addMember(tx, conversation, 'fay'));
  await database.transaction((tx) => removeMember(tx, conversation, 'fay'));
  const session = await openMediaSession(database, 'ben', { conversation_id: conversation }, 600_000);
  const ticket = tickets?.sign({
    user_id: 'ann',
    media_object_id: upload,
    size_bytes: 5,
    content_type: 'text/plain',
    expires_at: new Date(Date.now() + 600_000),
  });
  return {
    media,
    unsent,
    upload,
    conversation,
    message,
    credentials: {
      owner: { token: api.tokenFor('ann') },
      member: { token: api.tokenFor('ben') },
      'former member': { token: api.tokenFor('fay') },
      stranger: { token: api.tokenFor('eve') },
      'expired token': { token: api.tokenFor('ann', { expiresIn: -5 }) },
      'upload ticket': { token: ticket ?? '' },
      'media session': { t: session.token },
      backend: { token: api.tokenFor('host', { scope: 'claimcheck:admin' }) },
    },
  };
};
