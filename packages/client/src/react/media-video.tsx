import { type CSSProperties, useState } from 'react';
import { isSettled, type Media } from '../wire/media.ts';
import { useProvided } from './claimcheck-provider.tsx';
import { FilmPlayer } from './film-player.tsx';
import { MediaFile } from './media-file.tsx';
import { FILLING, MediaFrame } from './media-frame.tsx';
import { DEFAULT_LABELS, endOf, type MediaLabels } from './media-labels.ts';
import { useAttempts } from './use-attempts.ts';
import { useMedia } from './use-media.ts';

export interface MediaVideoProps {
  /** The description that came with a message. */
  media: Media;
  /** The conversation that shows it. */
  conversationId?: string | undefined;
  /** Describes the film in words; defaults to the media object's alt, then to its file name. */
  alt?: string | undefined;
  /** Its name where it is shown as a file; defaults to the media object's. */
  filename?: string | undefined;
  labels?: Partial<MediaLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

/** A film in a frame that keeps its shape: its blur, its poster, then the mp4 or HLS with the browser's controls. */
export const MediaVideo = ({ media: given, conversationId, ...props }: MediaVideoProps) => {
  const { loadHls } = useProvided();
  const { media = given, urls, renew } = useMedia(given, conversationId);
  const { attempt, isGivenUp, fail, succeed } = useAttempts(renew);
  const [isHlsBroken, setHlsBroken] = useState(false);
  const labels = { ...DEFAULT_LABELS, ...props.labels };
  const alt = props.alt ?? media.alt ?? media.filename;

  // A degraded film has no derivative, but its source may play.
  const film = urls.original ?? (media.state === 'degraded' ? urls.source : undefined);
  const canStream = film === undefined || (loadHls !== undefined && !isHlsBroken);
  const playlist = canStream ? urls.hls : undefined;
  const isPlayable = film !== undefined || playlist !== undefined;
  const hasNothing = isSettled(media) && !isPlayable && isKnown(urls);
  if (media.state === 'failed' || (media.state === 'degraded' && (isGivenUp || hasNothing)))
    return <MediaFile media={media} conversationId={conversationId} {...props} />;
  const isLost = isGivenUp || hasNothing;
  const words = endOf(media, labels) ?? (isLost ? labels.unloadable : undefined);
  return (
    <MediaFrame
      media={media}
      alt={alt}
      words={words}
      isBusy={words === undefined && !isPlayable}
      className={props.className}
      style={props.style}
    >
      {words === undefined && isPlayable && (
        <FilmPlayer
          film={film}
          playlist={playlist}
          attempt={attempt}
          poster={urls.thumbnail}
          label={alt}
          loadHls={loadHls}
          onError={() => (playlist !== undefined && film !== undefined ? setHlsBroken(true) : fail())}
          onProgress={succeed}
        />
      )}
      {words === undefined && !isPlayable && urls.thumbnail && (
        <img src={urls.thumbnail} alt={`${alt}: ${labels.processing}`} style={FILLING} />
      )}
    </MediaFrame>
  );
};

/** There are no URLs before there is a token. */
const isKnown = (urls: object): boolean => Object.keys(urls).length > 0;
