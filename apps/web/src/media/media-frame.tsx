import type { Media } from '@claimcheck/client';
import { blurUrl } from '@claimcheck/client/react/thumbhash-picture';
import type { ReactNode } from 'react';
import { frameSize } from './frame-size.ts';

interface MediaFrameProps {
  media: Media;
  /** While there is nothing to see in it yet, the frame shows the blurred placeholder. */
  isEmpty: boolean;
  children: ReactNode;
}

/** Keeps the place of a video, so that nothing jumps when it comes. */
export const MediaFrame = ({ media, isEmpty, children }: MediaFrameProps) => {
  const { width, ratio } = frameSize(media);
  const blurred = isEmpty ? blurUrl(media.thumbhash) : undefined;
  return (
    <div className="frame" style={{ width, aspectRatio: ratio }} aria-busy={isEmpty}>
      {isEmpty && <div className="placeholder">{blurred && <img src={blurred} alt="" />}</div>}
      {children}
    </div>
  );
};
