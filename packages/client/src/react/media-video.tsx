import { type CSSProperties, type RefObject, useEffect, useRef, useState } from 'react';
import { isSettled, type Media } from '../wire/media.ts';
import { useProvided } from './claimcheck-provider.tsx';
import { playHls } from './hls.ts';
import { FILLING, MediaFrame } from './media-frame.tsx';
import { DEFAULT_LABELS, endOf, type MediaLabels } from './media-labels.ts';
import { useMedia } from './use-media.ts';

const MAX_RENEWALS = 2;

export interface MediaVideoProps {
  /** As it came with a message. */
  media: Media;
  /** In which it is seen. */
  conversationId?: string;
  /** The film in words; defaults to the media object's, then to its file name. */
  alt?: string;
  labels?: Partial<MediaLabels>;
  className?: string;
  style?: CSSProperties;
}

/** A film in a place that keeps its shape: its blur, its poster, then the mp4 or HLS with the browser's controls. */
export const MediaVideo = ({ media: given, conversationId, ...props }: MediaVideoProps) => {
  const { loadHls } = useProvided();
  const { media = given, urls, renew } = useMedia(given, conversationId);
  const [failures, setFailures] = useState(0);
  const position = useRef(0);
  const labels = { ...DEFAULT_LABELS, ...props.labels };
  const alt = props.alt ?? media.alt ?? media.filename;
  const handleError = () => {
    setFailures((count) => count + 1);
    if (failures < MAX_RENEWALS) renew().catch(() => setFailures(MAX_RENEWALS + 1));
  };

  // A degraded film has no derivative; its source may still play.
  const film = urls.original ?? (media.state === 'degraded' ? urls.source : undefined);
  const end = endOf(media, labels);
  const isLost =
    failures > MAX_RENEWALS || (isSettled(media) && Object.keys(urls).length > 0 && !film && !urls.hls);
  const words = end ?? (isLost ? labels.unloadable : undefined);
  const isPlayable = words === undefined && (film !== undefined || urls.hls !== undefined);
  return (
    <MediaFrame
      media={media}
      alt={alt}
      words={words}
      isBusy={words === undefined && !isPlayable}
      className={props.className}
      style={props.style}
    >
      {isPlayable && (
        <Player
          key={failures}
          film={film}
          playlist={failures > 0 && film !== undefined ? undefined : urls.hls}
          position={position}
          poster={urls.thumbnail}
          label={alt}
          loadHls={loadHls}
          onError={handleError}
        />
      )}
      {words === undefined && !isPlayable && urls.thumbnail && (
        <img src={urls.thumbnail} alt={`${alt}: ${labels.processing}`} style={FILLING} />
      )}
    </MediaFrame>
  );
};

interface PlayerProps {
  film: string | undefined;
  playlist: string | undefined;
  /** In seconds; a player that takes over goes on there. */
  position: RefObject<number>;
  poster: string | undefined;
  label: string;
  loadHls: Parameters<typeof playHls>[2];
  onError: () => void;
}

const Player = ({ film, playlist, position, poster, label, loadHls, onError }: PlayerProps) => {
  const element = useRef<HTMLVideoElement>(null);
  const reportError = useRef(onError);
  const canStream = playlist !== undefined && (film === undefined || loadHls !== undefined);

  useEffect(() => {
    reportError.current = onError;
  });
  useEffect(() => {
    const video = element.current;
    if (!video || !canStream) return;
    return playHls(video, playlist, loadHls, () => reportError.current());
  }, [canStream, playlist, loadHls]);

  return (
    <video
      ref={element}
      controls
      playsInline
      preload="metadata"
      poster={poster}
      aria-label={label}
      style={{ ...FILLING, objectFit: 'contain' }}
      onError={onError}
      onLoadedMetadata={({ currentTarget }) => {
        if (position.current > 0) currentTarget.currentTime = position.current;
      }}
      onTimeUpdate={({ currentTarget }) => {
        position.current = currentTarget.currentTime;
      }}
      {...(canStream ? {} : { src: film })}
    />
  );
};
