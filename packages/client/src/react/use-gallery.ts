import { useEffect, useRef, useState } from 'react';
import { type ClaimcheckError, toClaimcheckError } from '../claimcheck-error.ts';
import { retryUntilAborted } from '../retry.ts';
import type { GalleryItem, GalleryPage } from '../wire/conversation.ts';
import type { MediaKind } from '../wire/media.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

export interface UsedGallery {
  /** Newest first. */
  items: readonly GalleryItem[];
  isLoading: boolean;
  hasMore: boolean;
  loadMore: () => Promise<void>;
  error: ClaimcheckError | undefined;
}

const PAGE_SIZE = 50;
/** The largest page that the service gives. */
const MOST = 200;

/**
 * Returns the media of a conversation, also those of messages that are not loaded. Follows new and deleted messages.
 *
 * @param kind only media of this kind
 */
export const useGallery = (conversationId: string, kind?: MediaKind): UsedGallery => {
  const client = useClient();
  const { messages, status } = useReadable(client.conversation(conversationId));
  const [page, setPage] = useState<GalleryPage>({ items: [] });
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<ClaimcheckError>();
  const loaded = useRef(0);
  loaded.current = page.items.length;
  const isKnown = status !== 'loading';
  const shown = messages
    .flatMap(({ message_id, media, attachments = [{ media }] }) =>
      attachments.flatMap((item) => (item.media ? [`${message_id} ${item.media.state}`] : [])),
    )
    .join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: other messages with media, or other states of them, are another gallery
  useEffect(() => {
    if (!isKnown) return;
    const { signal, abort } = abortable();
    const limit = Math.min(MOST, Math.max(PAGE_SIZE, loaded.current));
    const load = () => client.conversations.media(conversationId, { kind, limit });
    retryUntilAborted(load, { signal, onFailure: setError })
      .then((first) => {
        if (signal.aborted) return;
        setPage(first);
        setError(undefined);
        setLoading(false);
      })
      .catch((thrown) => {
        if (signal.aborted) return;
        setError(toClaimcheckError(thrown));
        setLoading(false);
      });
    return abort;
  }, [client, conversationId, kind, isKnown, shown]);

  const loadMore = async () => {
    const { next: before } = page;
    if (before === undefined) return;
    const more = await client.conversations.media(conversationId, { kind, before, limit: PAGE_SIZE });
    // A gallery that was loaded again meanwhile has another next page.
    setPage((current) =>
      current.next === before ? { items: [...current.items, ...more.items], next: more.next } : current,
    );
  };
  return { items: page.items, isLoading, hasMore: page.next !== undefined, loadMore, error };
};

const abortable = () => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
};
