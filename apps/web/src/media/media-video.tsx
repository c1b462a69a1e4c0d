import { useMedia } from '@claimcheck/client/react';
import { useAttempts } from '@claimcheck/client/react/use-attempts';
import { useState } from 'react';
import { DownloadLink } from './download-link.tsx';
import { MediaFrame } from './media-frame.tsx';
import type { MediaPartProps } from './media-part-props.ts';
import { VideoPlayer } from './video-player.tsx';

export const MediaVideo = (props: MediaPartProps) => {
  const { media, conversationId, alt } = props;
  const { urls, renew } = useMedia(media, conversationId);
  const { isGivenUp, attempt, fail, succeed } = useAttempts(renew);
  const poster = urls.thumbnail;
  // A degraded video may have no mp4: then its source is what there is.
  const file = urls.original ?? (media.state === 'degraded' ? urls.source : undefined);
  const [isHlsBroken, setHlsBroken] = useState(false);
  const isHls = urls.hls !== undefined && !isHlsBroken;
  const url = isHls ? urls.hls : file;
  const failOver = () => (isHls && file ? setHlsBroken(true) : fail());

  if (isGivenUp) {
    return (
      <>
        <p className="status">This video can not be played here.</p>
        <DownloadLink {...props} />
      </>
    );
  }
  return (
    <MediaFrame media={media} isEmpty={!url && !poster}>
      {url ? (
        <VideoPlayer
          key={isHls ? 'parts' : 'file'}
          url={url}
          isHls={isHls}
          attempt={attempt}
          poster={poster}
          label={alt}
          onFail={failOver}
          onPlaying={succeed}
        />
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
  );
};
