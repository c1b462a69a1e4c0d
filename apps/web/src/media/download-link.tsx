import { useMedia } from '@claimcheck/client/react';
import { Icon } from '../ui/icon.tsx';
import { formatBytes } from '../words/format-bytes.ts';
import type { MediaPartProps } from './media-part-props.ts';

export const DownloadLink = ({ media, conversationId, name }: MediaPartProps) => {
  const { urls, error } = useMedia(media, conversationId);
  const url = urls.original ?? urls.source;
  const words = (
    <>
      <Icon name="file" />
      <span className="name">{name}</span>
      <span className="size">{formatBytes(media.size_bytes)}</span>
    </>
  );
  return (
    <>
      {url ? (
        <a
          className="file"
          href={url}
          download={name}
          target="_blank"
          rel="noreferrer"
          data-testid="media-download"
        >
          {words}
        </a>
      ) : (
        <p className="file">{words}</p>
      )}
      {error && <p className="status">{error.message}</p>}
    </>
  );
};
