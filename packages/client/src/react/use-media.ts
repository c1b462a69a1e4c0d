import { useCallback, useEffect } from 'react';
import type { MediaSnapshot } from '../media/media.ts';
import type { Media, MediaReference } from '../wire/media.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

export interface UsedMedia extends MediaSnapshot {
  /** For an element's `onError`: renews the session or signature behind the URL. */
  renew: () => Promise<void>;
}

/**
 * Returns a media object that follows its changes, with URLs that stay valid.
 *
 * @param media its id, or the description that came with a message; the short one of an album's event is completed
 * @param conversationId the conversation that shows it
 */
export const useMedia = (media: Media | MediaReference | string, conversationId?: string): UsedMedia => {
  const client = useClient();
  const known = typeof media !== 'string' && isWhole(media) ? media : undefined;
  const id = typeof media === 'string' ? media : media.media_object_id;
  const handle = client.media(id, conversationId === undefined ? {} : { conversationId });
  useEffect(() => {
    if (known) handle.update(known);
  }, [handle, known]);
  const renew = useCallback(() => handle.renew(), [handle]);
  const snapshot = useReadable(handle);
  return { ...snapshot, media: snapshot.media ?? known, renew };
};

const isWhole = (media: Media | MediaReference): media is Media =>
  media.mediaUrl !== undefined && media.qualities !== undefined && media.filename !== undefined;
