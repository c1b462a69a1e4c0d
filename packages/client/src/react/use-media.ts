import { useCallback, useEffect } from 'react';
import type { MediaSnapshot } from '../media/media.ts';
import type { Media } from '../wire/media.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

export interface UsedMedia extends MediaSnapshot {
  /** For `onError` of an element: asks for what its URL stands on. */
  renew: () => Promise<void>;
}

/**
 * A media object as it changes, with URLs that stay good.
 *
 * @param media its id, or what came with a message
 * @param conversationId in which it is seen
 */
export const useMedia = (media: Media | string, conversationId?: string): UsedMedia => {
  const client = useClient();
  const known = typeof media === 'string' ? undefined : media;
  const id = typeof media === 'string' ? media : media.media_object_id;
  const handle = client.media(id, conversationId === undefined ? {} : { conversationId });
  useEffect(() => {
    if (known) handle.update(known);
  }, [handle, known]);
  const renew = useCallback(() => handle.renew(), [handle]);
  const snapshot = useReadable(handle);
  return { ...snapshot, media: snapshot.media ?? known, renew };
};
