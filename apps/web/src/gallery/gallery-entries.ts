import type { Media, Message } from '@claimcheck/client';
import { isDeliverable } from '../media/is-deliverable.ts';

export interface GalleryEntry {
  message: Message;
  media: Media;
}

/** Returns a conversation's pictures and videos that can be opened, oldest first. */
export const galleryEntries = (messages: readonly Message[]): readonly GalleryEntry[] =>
  messages.flatMap((message) => {
    const { media } = message;
    if (!media || !isDeliverable(media)) return [];
    return media.kind === 'image' || media.kind === 'video' ? [{ message, media }] : [];
  });
