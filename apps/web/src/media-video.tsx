import type { Media } from '@claimcheck/contracts/media';
import { useEffect, useRef, useState } from 'react';
import { DownloadLink } from './download-link.tsx';
import { MediaFrame } from './media-frame.tsx';
import type { MediaPartProps } from './media-part-props.ts';
import { useMediaUrl } from './use-media-url.ts';

const MAX_RENEWALS = 2;

const has = (media: Media, wanted: string) => media.qualities.some(({ quality }) => quality === wanted);

/** A degraded video may have no mp4; then its source answers as `original`. */
const isPlayable = (media: Media) => has(media, 'original') || media.state === 'degraded';

export const MediaVideo = ({ media, name, alt }: MediaPartProps) => {
  const poster = useMediaUrl(media, has(media, 'thumbnail') ? 'thumbnail' : undefined).current?.url;
  const video = useMediaUrl(media, isPlayable(media) ? 'original' : undefined);
  const [failures, setFailures] = useState(0);
  const fail = () => {
    setFailures((count) => count + 1);
    if (failures < MAX_RENEWALS) video.renew();
  };

  const url = video.current?.url;
  if (failures > MAX_RENEWALS) {
    return (
      <>
        <p className="status">This video can not be played here.</p>
        <DownloadLink {...{ media, name, alt }} />
      </>
    );
  }
  return (
    <>
      <MediaFrame media={media} isEmpty={!url && !poster}>
        {url ? (
          <Player url={url} poster={poster} label={alt} onFail={fail} />
        ) : (
          poster && (
            <img
              className="picture"
              data-testid="media-image"
              data-quality="thumbnail"
              src={poster}
              alt={alt}
            />
          )
        )}
      </MediaFrame>
      {video.error && <p className="status">{video.error.message}</p>}
    </>
  );
};

interface PlayerProps {
  url: string;
  poster: string | undefined;
  label: string;
  onFail: () => void;
}

/** A renewed URL must not interrupt who is watching: it is taken when the old one fails, at the same place. */
const Player = ({ url, poster, label, onFail }: PlayerProps) => {
  const element = useRef<HTMLVideoElement>(null);
  const resumeAt = useRef(0);
  const [src, setSrc] = useState(url);

  useEffect(() => {
    const video = element.current;
    if (!video || video.error || (video.paused && video.currentTime === 0)) setSrc(url);
  }, [url]);

  const handleError = () => {
    resumeAt.current = element.current?.currentTime ?? 0;
    if (src === url) onFail();
    else setSrc(url);
  };
  const handleMetadata = () => {
    if (element.current && resumeAt.current > 0) element.current.currentTime = resumeAt.current;
  };

  return (
    // biome-ignore lint/a11y/useMediaCaption: what members send has no captions
    <video
      ref={element}
      className="picture"
      data-testid="media-video"
      controls
      playsInline
      preload="metadata"
      src={src}
      poster={poster}
      aria-label={label}
      onError={handleError}
      onLoadedMetadata={handleMetadata}
    />
  );
};
