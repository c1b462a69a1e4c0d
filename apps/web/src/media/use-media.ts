import type { Media, MediaSnapshot } from '@claimcheck/client';
import { useEffect } from 'react';
import { useChat } from '../chat/chat-context.ts';
import { useReadable } from '../store/use-readable.ts';

export interface UsedMedia extends MediaSnapshot {
  /** After an address did not load. */
  renew: () => Promise<void>;
}

/** Addresses for what a message shows; they stay good as long as it is shown. */
export const useMedia = (media: Media, conversationId: string): UsedMedia => {
  const { client } = useChat().session;
  const handle = client.media(media.media_object_id, { conversationId });
  // Before the handle is watched, or it would ask for what is known already.
  useEffect(() => handle.update(media), [handle, media]);
  const snapshot = useReadable(handle);
  return { ...snapshot, renew: () => handle.renew() };
};
