import { MediaVideo, useMedia } from '@claimcheck/client/react';
import { type KeyboardEvent, useEffect } from 'react';
import { useThreadActions } from '../thread/thread-actions.ts';
import { Modal } from '../ui/modal.tsx';
import { GalleryBar } from './gallery-bar.tsx';
import type { GalleryEntry } from './gallery-entries.ts';
import { GalleryImage } from './gallery-image.tsx';
import { GalleryPages } from './gallery-pages.tsx';
import { useZoom } from './use-zoom.ts';

interface GalleryProps {
  entries: readonly GalleryEntry[];
  /** Key of the entry that is shown. */
  shown: string;
  onShow: (entry: GalleryEntry) => void;
  onClose: () => void;
}

export const Gallery = ({ entries, shown, onShow, onClose }: GalleryProps) => {
  const index = entries.findIndex(({ key }) => key === shown);
  const entry = entries[index];
  const { forward } = useThreadActions();
  const turn = (by: number) => {
    const next = entries[index + by];
    if (next) onShow(next);
  };
  /** Turns to what lies to the right: where text runs from right to left, that is the previous one. */
  const turnRight = (by: 1 | -1) => turn(document.dir === 'rtl' ? -by : by);
  const { stage, zoom, zoomIn, zoomOut, reset, handlers } = useZoom(shown, turnRight);

  // It was deleted or blocked while it was open.
  useEffect(() => {
    if (!entry) onClose();
  }, [entry, onClose]);
  if (!entry) return null;

  const keys: Record<string, () => void> = {
    ArrowLeft: () => turnRight(-1),
    ArrowRight: () => turnRight(1),
    '+': zoomIn,
    '=': zoomIn,
    '-': zoomOut,
    '0': reset,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // In a video, the arrow keys seek.
    if (event.target instanceof HTMLMediaElement || event.ctrlKey || event.metaKey) return;
    keys[event.key]?.();
  };

  const { message, media, alt } = entry;
  const isImage = media.kind === 'image';
  return (
    <Modal title={`${index + 1} of ${entries.length}: ${alt}`} className="gallery" onClose={onClose}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: listens to what its buttons let through */}
      <div className="gallery-body" onKeyDown={onKeyDown}>
        <GalleryBar
          entry={entry}
          zoom={isImage ? { zoomIn, zoomOut, reset, scale: zoom.scale } : undefined}
          onForward={() => {
            onClose();
            forward(message);
          }}
          onClose={onClose}
        />
        {isImage ? (
          <div
            ref={stage}
            className="stage"
            data-testid="gallery-stage"
            data-scale={zoom.scale}
            {...handlers}
          >
            <GalleryImage key={shown} entry={entry} zoom={zoom} />
          </div>
        ) : (
          <div className="stage">
            <GalleryVideo key={shown} entry={entry} />
          </div>
        )}
        <GalleryPages hasPrevious={index > 0} hasNext={index < entries.length - 1} onTurn={turn} />
      </div>
    </Modal>
  );
};

const GalleryVideo = ({ entry: { message, media: given, name, alt } }: { entry: GalleryEntry }) => {
  const conversationId = message.conversation_id;
  const { media } = useMedia(given, conversationId);
  if (!media) return null;
  return (
    <MediaVideo
      media={media}
      conversationId={conversationId}
      filename={name || media.filename}
      alt={alt || media.filename}
      className="frame"
    />
  );
};
