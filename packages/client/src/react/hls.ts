/** The part of hls.js that this SDK uses. */
export interface Hls {
  /** Seconds. */
  readonly config: { maxMaxBufferLength: number };
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
  on(event: 'hlsError', listener: (event: string, data: { fatal: boolean; type: string }) => void): void;
  on(event: 'hlsFragLoaded', listener: () => void): void;
  destroy(): void;
}

/** For example `() => import('hls.js')`. */
export type LoadHls = () => Promise<{
  default: { new (config: Hls['config']): Hls; isSupported(): boolean };
}>;

interface PlayHlsOptions {
  loadHls: LoadHls | undefined;
  /** Failed requests in a row before the SDK stops; hls.js alone repeats them for half a minute. */
  patience: number;
  onError: () => void;
}

/** Seconds fetched before playback starts: enough for the first picture and the length. */
const AHEAD_BEFORE_PLAY_S = 1;
const AHEAD_S = 30;

/** Returns whether the browser has Media Source Extensions, which hls.js needs. */
const hasMediaSource = (): boolean => 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;

/**
 * Plays a playlist in a video element. Returns a function that stops it. Prefers hls.js: Chromium claims to play HLS
 * natively, then fails at segments that are redirected to the storage.
 */
export const playHls = (
  video: HTMLVideoElement,
  url: string,
  { loadHls, patience, onError }: PlayHlsOptions,
): (() => void) => {
  if (loadHls === undefined || !hasMediaSource()) return playFile(video, url);
  let hls: Hls | undefined;
  let isEnded = false;
  let failures = 0;
  const fetchAhead = () => {
    if (hls) hls.config.maxMaxBufferLength = AHEAD_S;
  };
  video.addEventListener('play', fetchAhead);
  loadHls()
    .then(({ default: Player }) => {
      if (isEnded) return;
      if (!Player.isSupported()) throw new Error('this browser has no Media Source Extensions');
      hls = new Player({ maxMaxBufferLength: video.paused ? AHEAD_BEFORE_PLAY_S : AHEAD_S });
      hls.on('hlsFragLoaded', () => {
        failures = 0;
      });
      hls.on('hlsError', (_, { fatal, type }) => {
        if (type === 'networkError') failures += 1;
        if (fatal || failures >= patience) onError();
      });
      hls.loadSource(url);
      hls.attachMedia(video);
    })
    .catch(onError);
  return () => {
    isEnded = true;
    video.removeEventListener('play', fetchAhead);
    hls?.destroy();
  };
};

/** Does the same with the browser's own HLS player. */
export const playFile = (video: HTMLVideoElement, url: string): (() => void) => {
  video.src = url;
  return () => video.removeAttribute('src');
};
