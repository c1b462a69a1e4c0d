import type { Media } from '@claimcheck/client';
import { useGallery } from '@claimcheck/client/react';
import { useEffect, useRef, useState } from 'react';
import { MessageMedia } from '../media/message-media.tsx';
import { ThreadActionsContext, useThreadActions } from '../thread/thread-actions.ts';
import { LoadButton } from '../ui/load-button.tsx';
import { Modal } from '../ui/modal.tsx';
import { Segments } from '../ui/segments.tsx';
import { Gallery } from './gallery.tsx';
import { entryKey, galleryEntries } from './gallery-entries.ts';
import { galleryMessage } from './gallery-message.ts';
import '../styles/media-panel.css';

export interface MediaPanelProps {
  conversationId: string;
  onClose: () => void;
}

type Part = 'pictures' | 'files';
const WORDS: Record<Part, string> = { pictures: 'Pictures and videos', files: 'Sound and files' };
const EMPTY: Record<Part, string> = {
  pictures: 'This conversation has no pictures or videos yet.',
  files: 'This conversation has no sound or files yet.',
};

const partOf = ({ kind }: Media): Part => (kind === 'image' || kind === 'video' ? 'pictures' : 'files');

/** All media of a conversation, newest first, also of messages that are not loaded. */
export const MediaPanel = ({ conversationId, onClose }: MediaPanelProps) => {
  const { items, isLoading, hasMore, loadMore, error } = useGallery(conversationId);
  const [part, setPart] = useState<Part>('pictures');
  /** Key of the entry in the viewer. */
  const [viewed, setViewed] = useState<string>();
  const actions = useThreadActions();
  const { end, loadNext } = useLoadAtEnd();
  const entries = galleryEntries(items.map((item) => galleryMessage(item, conversationId)));
  const listed = items.filter(({ media }) => partOf(media) === part);
  const words = isLoading ? 'Loading…' : EMPTY[part];

  return (
    <ThreadActionsContext
      value={{ ...actions, view: (message, mediaId) => setViewed(entryKey(message, mediaId)) }}
    >
      {/* Before the panel: the viewer closes first, and its focus returns to the panel. */}
      {viewed !== undefined && (
        <Gallery
          entries={entries}
          shown={viewed}
          onShow={(entry) => {
            setViewed(entry.key);
            if (entry === entries.at(-1)) loadNext();
          }}
          onClose={() => setViewed(undefined)}
        />
      )}
      <Modal title="Media" className="modal media-panel" closeLabel="Close" onClose={onClose}>
        <Segments name="media-part" legend="Kind of media" words={WORDS} chosen={part} onChoose={setPart} />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section className="media-scroller" aria-label={WORDS[part]} tabIndex={0}>
          {listed.length === 0 && !hasMore && <p className="hint">{error?.message ?? words}</p>}
          <ul className="media-grid">
            {listed.map((item) => (
              <li key={`${item.reference.ref_id} ${item.media.media_object_id}`}>
                <MessageMedia
                  message={galleryMessage(item, conversationId)}
                  media={item.media}
                  isSquare
                  quality="thumbnail"
                />
              </li>
            ))}
          </ul>
          <div ref={end}>{hasMore && <LoadButton label="Earlier media" onLoad={loadMore} />}</div>
        </section>
      </Modal>
    </ThreadActionsContext>
  );
};

/** Presses the button in `end` whenever it comes into view. */
const useLoadAtEnd = () => {
  const end = useRef<HTMLDivElement>(null);
  const loadNext = () => end.current?.querySelector('button')?.click();
  // After each render: a new observer reports whether the end is still in view.
  useEffect(() => {
    const observer = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) loadNext();
    });
    if (end.current) observer.observe(end.current);
    return () => observer.disconnect();
  });
  return { end, loadNext };
};
