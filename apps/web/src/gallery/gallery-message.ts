import type { GalleryItem, Media, Message } from '@claimcheck/client';

const TYPES: Record<Media['kind'], Message['message_type']> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'file',
  other: 'file',
};

/** Returns a message with this item alone: the one that it came with may not be loaded, or be an album. */
export const galleryMessage = (
  { media, message, filename, alt, reference }: GalleryItem,
  conversationId: string,
): Message => ({
  // A host's own reference has no message.
  message_id: reference.ref_id,
  seq: 0,
  sender_user_id: media.owner_user_id,
  created_at: media.created_at,
  ...message,
  conversation_id: conversationId,
  message_type: TYPES[media.kind],
  media_object_id: media.media_object_id,
  media,
  filename,
  alt,
});
