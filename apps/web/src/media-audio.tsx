import { DownloadLink } from './download-link.tsx';
import { isDeliverable } from './is-deliverable.ts';
import type { MediaPartProps } from './media-part-props.ts';
import { useMediaUrl } from './use-media-url.ts';

export const MediaAudio = (props: MediaPartProps) => {
  const { media, alt } = props;
  const { current } = useMediaUrl(media, isDeliverable(media) ? 'original' : undefined);
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: what members send has no captions */}
      {current && <audio className="audio" controls preload="metadata" src={current.url} aria-label={alt} />}
      <DownloadLink {...props} />
    </>
  );
};
