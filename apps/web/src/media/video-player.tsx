import { useEffect, useRef, useState } from 'react';
import { useHls } from './use-hls.ts';

interface VideoPlayerProps {
  url: string;
  isHls: boolean;
  /** Grows when the address was renewed after a failure: it is loaded once more, and goes on where it was. */
  attempt: number;
  poster: string | undefined;
  label: string;
  onFail: () => void;
  onPlaying: () => void;
}

export const VideoPlayer = ({ url, isHls, attempt, poster, label, onFail, onPlaying }: VideoPlayerProps) => {
  const element = useRef<HTMLVideoElement>(null);
  const stoppedAt = useRef({ seconds: 0, wasPlaying: false });

  const fail = () => {
    const video = element.current;
    if (video) stoppedAt.current = { seconds: video.currentTime, wasPlaying: !video.paused };
    onFail();
  };
  const goOn = () => {
    const video = element.current;
    const { seconds, wasPlaying } = stoppedAt.current;
    if (!video || seconds === 0) return;
    video.currentTime = seconds;
    // Whether it may play by itself is the browser's to say.
    if (wasPlaying) video.play().catch(() => {});
  };
  const [src, setSrc] = useState(url);
  const tried = useRef(0);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    const isNewAttempt = attempt !== tried.current;
    tried.current = attempt;
    const isUntouched = video.paused && video.currentTime === 0;
    // Another address must not interrupt who is watching: it is taken when the old one no longer loads.
    if (isNewAttempt || isUntouched) setSrc(url);
    if (isNewAttempt && !isHls && video.src === url) video.load();
  }, [url, attempt, isHls]);
  useHls(element, isHls ? src : undefined, attempt, fail);

  return (
    <video
      ref={element}
      className="picture"
      data-testid="media-video"
      data-hls={isHls}
      controls
      playsInline
      preload="metadata"
      {...(isHls ? {} : { src })}
      poster={poster}
      aria-label={label}
      onError={fail}
      onLoadedMetadata={goOn}
      onTimeUpdate={onPlaying}
    />
  );
};
