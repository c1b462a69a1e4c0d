import { useMedia } from '@claimcheck/client/react';
import { blurUrl } from '@claimcheck/client/react/thumbhash-picture';
import { useAttempts } from '@claimcheck/client/react/use-attempts';
import { useState } from 'react';
import type { GalleryEntry } from './gallery-entries.ts';
import type { Zoom } from './zoom.ts';

interface GalleryImageProps {
  entry: GalleryEntry;
  zoom: Zoom;
}

/** Shows the largest available picture, over the blur until it has loaded. */
export const GalleryImage = ({ entry: { message, media, alt }, zoom }: GalleryImageProps) => {
  const { urls, renew } = useMedia(media, message.conversation_id);
  const { isGivenUp, attempt, fail, succeed } = useAttempts(renew);
  const [isLoaded, setLoaded] = useState(false);
  const url = urls.high ?? urls.medium ?? urls.low ?? urls.original;
  const blurred = isLoaded ? undefined : blurUrl(media.thumbhash);
  const { width = 4, height = 3 } = media;
  return (
    <div className="zoomed" style={{ transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` }}>
      {blurred && <img className="blurred" src={blurred} alt="" style={{ aspectRatio: width / height }} />}
      {url && (
        <img
          key={attempt}
          data-testid="gallery-image"
          data-loaded={isLoaded}
          src={url}
          width={width}
          height={height}
          alt={alt}
          draggable={false}
          onLoad={() => {
            succeed();
            setLoaded(true);
          }}
          onError={fail}
        />
      )}
      {isGivenUp && <p role="alert">The picture could not be loaded.</p>}
    </div>
  );
};
