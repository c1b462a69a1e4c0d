import { useEffect, useRef } from 'react';
import { useHls } from './use-hls.ts';

interface VideoPlayerProps {
  /** Keeps its value as long as it is good. */
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
  useHls(element, isHls ? url : undefined, attempt, fail);
  useEffect(() => {
    if (attempt > 0 && !isHls) element.current?.load();
  }, [attempt, isHls]);

  return (
    <video
      ref={element}
      className="picture"
      data-testid="media-video"
      data-hls={isHls}
      controls
      playsInline
      preload="metadata"
      {...(isHls ? {} : { src: url })}
      poster={poster}
      aria-label={label}
      onError={fail}
      onLoadedMetadata={goOn}
      onTimeUpdate={onPlaying}
    />
  );
};
