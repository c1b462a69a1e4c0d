import type { DerivedQuality, Media } from '@claimcheck/contracts/media';
import { useState } from 'react';
import { DownloadLink } from './download-link.tsx';
import { MediaFrame } from './media-frame.tsx';
import type { MediaPartProps } from './media-part-props.ts';
import { useMediaUrl } from './use-media-url.ts';

/** Best for a message first. */
const PREFERRED: readonly DerivedQuality[] = ['medium', 'high', 'low', 'thumbnail'];
const MAX_RENEWALS = 2;

const bestQuality = ({ qualities }: Media): DerivedQuality | undefined =>
  PREFERRED.find((wanted) => qualities.some(({ quality }) => quality === wanted));

export const MediaImage = ({ media, name, alt }: MediaPartProps) => {
  const hasThumbnail = media.qualities.some(({ quality }) => quality === 'thumbnail');
  const thumbnail = useMediaUrl(media, hasThumbnail ? 'thumbnail' : undefined);
  const best = useMediaUrl(media, bestQuality(media));
  const [loadedQuality, setLoadedQuality] = useState<string>();
  const [failures, setFailures] = useState(0);

  // A better picture may exist before it may be seen: the thumbnail stays until then.
  const source = best.current && !best.error ? best : thumbnail;
  const shown = source.current;
  const fail = () => {
    setFailures((count) => count + 1);
    if (failures < MAX_RENEWALS) source.renew();
  };
  const load = () => {
    setLoadedQuality(shown?.quality);
    setFailures(0);
  };

  if (media.state === 'degraded' && !bestQuality(media)) return <DownloadLink {...{ media, name, alt }} />;
  return (
    <>
      <MediaFrame media={media} isEmpty={loadedQuality === undefined}>
        {shown && (
          <img
            className="picture"
            data-testid="media-image"
            data-quality={loadedQuality}
            src={shown.url}
            alt={alt}
            onLoad={load}
            onError={fail}
          />
        )}
      </MediaFrame>
      {best.error?.code === 'media_not_scanned' && (
        <p className="status">The full picture waits for the virus scanner.</p>
      )}
      {failures > MAX_RENEWALS && <p className="status">The picture could not be loaded.</p>}
    </>
  );
};
