import { MediaImage as Picture } from '@claimcheck/client/react';
import { DownloadLink } from './download-link.tsx';
import { frameSize } from './frame-size.ts';
import type { MediaPartProps } from './media-part-props.ts';

export const MediaImage = (props: MediaPartProps) => {
  const { media, conversationId, alt, isSquare = false, onOpen } = props;
  if (media.state === 'degraded' && media.qualities.length === 0) return <DownloadLink {...props} />;
  return (
    // Always the same element: another one would load the picture anew.
    <button type="button" className="open" disabled={!onOpen} onClick={onOpen} aria-label={`Look at ${alt}`}>
      <Picture
        media={media}
        conversationId={conversationId}
        alt={alt}
        className="frame"
        {...(isSquare
          ? { quality: 'low', style: { aspectRatio: '1' } }
          : { style: { width: frameSize(media).width } })}
      />
    </button>
  );
};
