import { useMedia } from '@claimcheck/client/react';
import { useAttempts } from '@claimcheck/client/react/use-attempts';
import { DownloadLink } from './download-link.tsx';
import type { MediaPartProps } from './media-part-props.ts';

export const MediaAudio = (props: MediaPartProps) => {
  const { media, conversationId, alt } = props;
  const { urls, renew } = useMedia(media, conversationId);
  const { attempt, fail, succeed } = useAttempts(renew);
  const url = urls.original ?? urls.source;
  return (
    <>
      {url && (
        // biome-ignore lint/a11y/useMediaCaption: what members send has no captions
        <audio
          key={attempt}
          className="audio"
          data-testid="media-audio"
          controls
          preload="metadata"
          src={url}
          aria-label={alt}
          onError={fail}
          onLoadedMetadata={succeed}
        />
      )}
      <DownloadLink {...props} />
    </>
  );
};
