import type { Media } from '@claimcheck/client';
import type { ReactNode } from 'react';
import { frameSize } from './frame-size.ts';
import { thumbhashUrl } from './thumbhash-url.ts';

interface MediaFrameProps {
  media: Media;
  /** While there is nothing to see in it yet, the frame shows the blurred placeholder. */
  isEmpty: boolean;
  isSquare?: boolean | undefined;
  children: ReactNode;
}

/** Keeps the place of a picture or video, so that nothing jumps when it comes. */
export const MediaFrame = ({ media, isEmpty, isSquare = false, children }: MediaFrameProps) => {
  const { width, ratio } = frameSize(media);
  const blurred = isEmpty ? thumbhashUrl(media.thumbhash) : undefined;
  return (
    <div
      className={isSquare ? 'frame square' : 'frame'}
      style={{ '--width': `${width}px`, '--ratio': ratio }}
      data-busy={isEmpty}
    >
      {isEmpty && (
        <div className="placeholder" data-testid="media-placeholder">
          {blurred && <img src={blurred} alt="" />}
        </div>
      )}
      {children}
    </div>
  );
};
