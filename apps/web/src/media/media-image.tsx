import type { Quality } from '@claimcheck/client';
import { useState } from 'react';
import { DownloadLink } from './download-link.tsx';
import { MediaFrame } from './media-frame.tsx';
import type { MediaPartProps } from './media-part-props.ts';
import { useMedia } from './use-media.ts';
import { useRenewals } from './use-renewals.ts';

/** Best for a message first; a square beside others is small. */
const LARGE: readonly Quality[] = ['medium', 'high', 'low', 'thumbnail'];
const SMALL: readonly Quality[] = ['low', 'medium', 'high', 'thumbnail'];

export const MediaImage = (props: MediaPartProps) => {
  const { media, conversationId, alt, isSquare = false, onOpen } = props;
  const { urls, renew } = useMedia(media, conversationId);
  const { hasFailed, attempt, fail, succeed } = useRenewals(renew);
  const [loadedQuality, setLoadedQuality] = useState<string>();
  const quality = (isSquare ? SMALL : LARGE).find((wanted) => urls[wanted] !== undefined);

  if (media.state === 'degraded' && !quality) return <DownloadLink {...props} />;
  const picture = quality && (
    <img
      key={attempt}
      className="picture"
      data-testid="media-image"
      data-quality={loadedQuality}
      src={urls[quality]}
      alt={alt}
      decoding="async"
      onLoad={() => {
        setLoadedQuality(quality);
        succeed();
      }}
      onError={fail}
    />
  );
  return (
    <>
      <MediaFrame media={media} isEmpty={loadedQuality === undefined} isSquare={isSquare}>
        {onOpen ? (
          <button type="button" className="open" onClick={onOpen} aria-label={`Look at ${alt}`}>
            {picture}
          </button>
        ) : (
          picture
        )}
      </MediaFrame>
      {hasFailed && <p className="status">The picture could not be loaded.</p>}
    </>
  );
};
