import type { Media, Message } from '@claimcheck/client';
import { isDeliverable } from '../media/is-deliverable.ts';

export interface GalleryEntry {
  message: Message;
  media: Media;
}

/** Pictures and videos of a conversation that can be opened, oldest first. */
export const galleryEntries = (messages: readonly Message[]): readonly GalleryEntry[] =>
  messages.flatMap((message) => {
    const { media } = message;
    if (!media || !isDeliverable(media)) return [];
    return media.kind === 'image' || media.kind === 'video' ? [{ message, media }] : [];
  });
