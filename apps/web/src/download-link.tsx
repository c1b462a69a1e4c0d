import { formatBytes } from './format-bytes.ts';
import { isDeliverable } from './is-deliverable.ts';
import type { MediaPartProps } from './media-part-props.ts';
import { useMediaUrl } from './use-media-url.ts';

export const DownloadLink = ({ media, name }: MediaPartProps) => {
  const { current, error } = useMediaUrl(media, isDeliverable(media) ? 'original' : undefined);
  const size = formatBytes(media.size_bytes);
  return (
    <>
      <p className="file">
        {current ? (
          <a href={current.url} download={name} rel="noreferrer" target="_blank" data-testid="media-download">
            {name}
          </a>
        ) : (
          <span>{name}</span>
        )}{' '}
        <span className="size">{size}</span>
      </p>
      {error && <p className="status">{error.message}</p>}
    </>
  );
};
