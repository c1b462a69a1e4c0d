import { type RefObject, useEffect, useRef, useState } from 'react';
import { type LoadHls, playFile, playHls } from './hls.ts';
import { FILLING } from './media-frame.tsx';

/** Failed requests for a playlist before the mp4 replaces it, if there is one; takes some seconds. */
const PATIENCE_WITH_FILM = 3;
/** Seconds played beyond a failure after which it counts as overcome. */
const PAST_FAILURE = 1;

interface FilmPlayerProps {
  /** Played unless there is a playlist. */
  film: string | undefined;
  playlist: string | undefined;
  /** Changes when the player should load the same address again. */
  attempt: number;
  poster: string | undefined;
  label: string;
  loadHls: LoadHls | undefined;
  onError: () => void;
  onProgress: () => void;
}

/** One element for every source: when the source changes, position, volume and full screen stay. */
export const FilmPlayer = ({
  film,
  playlist,
  attempt,
  poster,
  label,
  loadHls,
  ...props
}: FilmPlayerProps) => {
  const element = useRef<HTMLVideoElement>(null);
  const left = useRef(0);
  // Only the viewer's own events count: an element that fails or loads reports itself as paused.
  const isPlaying = useRef(false);
  const [source, setSource] = useState(film);
  const tried = useRef(attempt);

  useEffect(() => {
    const video = element.current;
    const isUntouched = !video || (video.paused && video.currentTime === 0);
    // A renewed address must not interrupt playback: the player switches when the old one no longer loads.
    if (isUntouched || attempt !== tried.current) setSource(film);
    tried.current = attempt;
  }, [film, attempt]);

  usePlayback(element, left, { playlist, source, attempt, loadHls, onError: props.onError });

  return (
    // biome-ignore lint/a11y/useMediaCaption: there are none
    <video
      ref={element}
      controls
      playsInline
      preload="metadata"
      poster={poster}
      aria-label={label}
      data-claimcheck-hls={playlist !== undefined}
      style={{ ...FILLING, objectFit: 'contain' }}
      onPlay={() => {
        isPlaying.current = true;
      }}
      onPause={({ currentTarget: video }) => {
        // Chromium pauses an element that fails or loads again; a viewer can only pause one with a film.
        if (video.error === null && video.readyState > 0) isPlaying.current = false;
      }}
      onLoadedMetadata={({ currentTarget: video }) => {
        if (left.current > 0) video.currentTime = left.current;
        // The browser decides whether it may autoplay.
        if (isPlaying.current) video.play().catch(() => {});
      }}
      onTimeUpdate={({ currentTarget: video }) => {
        const distance = Math.abs(video.currentTime - left.current);
        if (!video.seeking && distance > PAST_FAILURE) props.onProgress();
      }}
    />
  );
};

interface Playback extends Pick<FilmPlayerProps, 'playlist' | 'attempt' | 'loadHls' | 'onError'> {
  source: string | undefined;
}

/** Plays the playlist or source in the element, and remembers in `left` where a viewer was. */
const usePlayback = (
  element: RefObject<HTMLVideoElement | null>,
  left: RefObject<number>,
  { playlist, source, attempt, loadHls, ...props }: Playback,
): void => {
  const onError = useRef(props.onError);
  useEffect(() => {
    onError.current = props.onError;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt plays the same again
  useEffect(() => {
    const video = element.current;
    const url = playlist ?? source;
    if (!video || url === undefined) return;
    let hasFailed = false;
    const remember = () => {
      left.current = video.currentTime;
    };
    const fail = () => {
      if (hasFailed) return;
      hasFailed = true;
      // Read it now: an element that has failed may forget the position to which a viewer moved.
      if (video.currentTime > 0) remember();
      onError.current();
    };
    video.addEventListener('error', fail);
    const patience = source === undefined ? Number.POSITIVE_INFINITY : PATIENCE_WITH_FILM;
    const end =
      playlist === undefined
        ? playFile(video, url)
        : playHls(video, url, { loadHls, patience, onError: fail });
    return () => {
      // A film that had not started has no position.
      if (video.readyState > 0 && !hasFailed) remember();
      video.removeEventListener('error', fail);
      end();
    };
  }, [playlist, source, loadHls, attempt]);
};
