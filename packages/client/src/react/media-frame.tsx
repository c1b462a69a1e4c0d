import { type CSSProperties, type ReactNode, useMemo } from 'react';
import type { Media } from '../wire/media.ts';
import { aspectRatio, blurUrl } from './thumbhash-picture.ts';

/** Makes the content fill the frame, whichever layers come and go. */
export const FILLING: CSSProperties = {
  position: 'absolute',
  inset: 0,
  width: '100%',
  height: '100%',
  objectFit: 'cover',
};

const WORDS: CSSProperties = {
  ...FILLING,
  display: 'grid',
  placeItems: 'center',
  padding: '0.5em',
  boxSizing: 'border-box',
  textAlign: 'center',
};

interface MediaFrameProps {
  media: Pick<Media, 'width' | 'height' | 'thumbhash' | 'kind'> & { state?: Media['state'] };
  /** Words shown instead of a picture. */
  words: string | undefined;
  /** Describes the picture; read out with the words. */
  alt: string;
  isBusy: boolean;
  /** Whether a layer covers the blur; it would show through a transparent picture. */
  isCovered?: boolean;
  className: string | undefined;
  style: CSSProperties | undefined;
  children?: ReactNode;
}

/** Reserves the place of a picture or film in its final shape, so that nothing moves when it arrives. */
export const MediaFrame = ({
  media,
  words,
  alt,
  isBusy,
  isCovered = false,
  className,
  style,
  children,
}: MediaFrameProps) => {
  const { width, height, thumbhash, kind, state } = media;
  const blur = useMemo(() => blurUrl(thumbhash), [thumbhash]);
  const ratio = useMemo(
    () => aspectRatio({ width, height, thumbhash }, kind === 'video' ? 16 / 9 : 4 / 3),
    [width, height, thumbhash, kind],
  );
  return (
    <span
      className={className}
      data-claimcheck-state={state}
      aria-busy={isBusy}
      style={{
        position: 'relative',
        display: 'block',
        overflow: 'hidden',
        aspectRatio: String(ratio),
        ...(blur === undefined || isCovered ? {} : { background: `center / cover url(${blur})` }),
        ...style,
      }}
    >
      {children}
      {words !== undefined && (
        <span role="img" aria-label={`${alt}: ${words}`} style={WORDS}>
          {words}
        </span>
      )}
    </span>
  );
};
