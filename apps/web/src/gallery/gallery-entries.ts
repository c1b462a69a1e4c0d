import type { Attachment, Media, MediaReference, Message } from '@claimcheck/client';
import { isDeliverable } from '../media/is-deliverable.ts';

export interface GalleryEntry {
  /** Identifies it in the gallery. */
  key: string;
  message: Message;
  mediaId: string;
  /** Of an album whose event is recent, the short form. */
  media: Media | MediaReference;
  name: string;
  alt: string;
}

/** Returns the pictures and videos of these messages that can be opened, in the same order. */
export const galleryEntries = (messages: readonly Message[]): readonly GalleryEntry[] =>
  messages.flatMap((message) =>
    (message.attachments ?? [message]).flatMap((item: Attachment): GalleryEntry[] => {
      const { media, media_object_id: mediaId } = item;
      if (!media || mediaId === undefined || !isDeliverable(media)) return [];
      if (media.kind !== 'image' && media.kind !== 'video') return [];
      const name = item.filename ?? media.filename ?? '';
      const alt = item.alt || media.alt || name;
      return [{ key: entryKey(message, mediaId), message, mediaId, media, name, alt }];
    }),
  );

export const entryKey = ({ message_id }: Message, mediaId: string): string => `${message_id} ${mediaId}`;
