import { downloadUrl, formatBytes, useMedia } from '@claimcheck/client/react';
import { Icon } from '../ui/icon.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import type { GalleryEntry } from './gallery-entries.ts';

interface GalleryBarProps {
  entry: GalleryEntry;
  zoom: { zoomIn: () => void; zoomOut: () => void; reset: () => void; scale: number } | undefined;
  onForward: () => void;
  onClose: () => void;
}

export const GalleryBar = ({ entry, zoom, onForward, onClose }: GalleryBarProps) => {
  const { message, media, name } = entry;
  const { urls } = useMedia(media, message.conversation_id);
  const file = urls.original ?? urls.source;
  return (
    <div className="gallery-bar">
      <p className="gallery-caption">
        <strong>
          <bdi>{message.sender_user_id}</bdi>
        </strong>{' '}
        <bdi>{name}</bdi>{' '}
        <span>
          <bdi>{formatBytes(media.size_bytes)}</bdi>
        </span>
      </p>
      {zoom && (
        <div className="zoom">
          <IconButton icon="minus" label="Zoom out" disabled={zoom.scale === 1} onClick={zoom.zoomOut} />
          <button type="button" onClick={zoom.reset} disabled={zoom.scale === 1} className="scale">
            <bdi>{Math.round(zoom.scale * 100)} %</bdi>
          </button>
          <IconButton icon="plus" label="Zoom in" onClick={zoom.zoomIn} />
        </div>
      )}
      <IconButton icon="forward" label="Forward" onClick={onForward} />
      {file && (
        <a
          className="icon-button"
          href={downloadUrl(file)}
          download={name}
          rel="noreferrer"
          target="_blank"
          aria-label={`Download ${name}`}
          title="Download"
        >
          <Icon name="download" />
        </a>
      )}
      <IconButton icon="close" label="Close" onClick={onClose} data-testid="gallery-close" />
    </div>
  );
};
