import type { GalleryItem } from '../lists.ts';
import type { Media } from '../media.ts';
import type { Message } from '../messages.ts';

/** Ids in every example. A test replaces them by real ones, and sends the examples to a running api. */
export const EXAMPLE_IDS = {
  media: '0198f5a2-7c00-7000-8000-000000000001',
  unsent_media: '0198f5a2-7c00-7000-8000-000000000002',
  upload: '0198f5a2-7c00-7000-8000-000000000003',
  multipart_upload: '0198f5a2-7c00-7000-8000-000000000005',
  put_upload: '0198f5a2-7c00-7000-8000-000000000006',
  hls_media: '0198f5a2-7c00-7000-8000-000000000007',
  message: '0198f5a2-7c00-7000-8000-000000000004',
  conversation: 'family',
  owner: 'ann',
  member: 'ben',
} as const;

const ORIGIN = 'https://media.example';
const urlOf = (quality: string) => `${ORIGIN}/v1/media/${EXAMPLE_IDS.media}/${quality}?v=1`;

export const exampleMedia: Media = {
  media_object_id: EXAMPLE_IDS.media,
  rev: 5,
  state: 'ready',
  kind: 'image',
  owner_user_id: EXAMPLE_IDS.owner,
  filename: 'beach.jpg',
  content_type: 'image/jpeg',
  size_bytes: 2_483_112,
  width: 4_032,
  height: 3_024,
  thumbhash: '3OcRJYB4d3h/iIeHeEh3eIhw+j2w',
  alt: 'Two children on a beach',
  upload_state: 'uploaded',
  thumbnail_state: 'ready',
  scan_state: 'clean',
  transcode_state: 'none',
  mediaUrl: urlOf('medium'),
  thumbnailUrl: urlOf('thumbnail'),
  lowUrl: urlOf('low'),
  mediumUrl: urlOf('medium'),
  highUrl: urlOf('high'),
  qualities: [{ quality: 'medium', format: 'webp', width: 1_280, height: 960, size_bytes: 148_220 }],
  created_at: '2026-11-20T12:00:00.000Z',
};

export const exampleMessage: Message = {
  message_id: EXAMPLE_IDS.message,
  conversation_id: EXAMPLE_IDS.conversation,
  seq: 12,
  sender_user_id: EXAMPLE_IDS.owner,
  message_type: 'image',
  media_object_id: EXAMPLE_IDS.media,
  media: exampleMedia,
  created_at: '2026-11-20T12:00:05.000Z',
};

export const exampleGalleryItem: GalleryItem = {
  media: exampleMedia,
  message: {
    message_id: EXAMPLE_IDS.message,
    seq: 12,
    sender_user_id: EXAMPLE_IDS.owner,
    created_at: exampleMessage.created_at,
  },
  reference: { kind: 'message', ref_id: EXAMPLE_IDS.message },
};

export const exampleConversation = {
  conversation_id: EXAMPLE_IDS.conversation,
  created_by: EXAMPLE_IDS.owner,
  member_ids: [EXAMPLE_IDS.owner, EXAMPLE_IDS.member],
  last_seq: 12,
  created_at: '2026-11-20T11:00:00.000Z',
};

export const exampleUpload = {
  protocol: 'tus',
  method: 'PATCH',
  url: `${ORIGIN}/v1/uploads/${EXAMPLE_IDS.upload}`,
  headers: { authorization: 'Bearer <ticket>', 'tus-resumable': '1.0.0' },
  expires_at: '2026-11-21T12:00:00.000Z',
};

export const exampleSession = {
  token: 'J3Rm4m0T3xZ8dV1kq7yPp2bW9cN5hF6sLgAuEoIxYtQ',
  expires_at: '2026-11-20T13:00:00.000Z',
  refresh_at: '2026-11-20T12:48:00.000Z',
};
