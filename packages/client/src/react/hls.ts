/** What is used of hls.js. */
export interface Hls {
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
  on(event: 'hlsError', listener: (event: string, data: { fatal: boolean }) => void): void;
  destroy(): void;
}

/** `() => import('hls.js')`. */
export type LoadHls = () => Promise<{ default: { new (): Hls; isSupported(): boolean } }>;

/** What hls.js plays with. */
const hasMediaSource = (): boolean => 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;

/**
 * Plays a playlist in a video element. Returns what ends that. By hls.js wherever it can: Chromium says that it
 * plays HLS by itself, and then fails at segments that are redirected to the storage.
 */
export const playHls = (
  video: HTMLVideoElement,
  url: string,
  loadHls: LoadHls | undefined,
  onError: () => void,
): (() => void) => {
  if (loadHls === undefined || !hasMediaSource()) {
    video.src = url;
    return () => video.removeAttribute('src');
  }
  let hls: Hls | undefined;
  let isEnded = false;
  loadHls()
    .then(({ default: Player }) => {
      if (isEnded) return;
      if (!Player.isSupported()) throw new Error('this browser has no Media Source Extensions');
      hls = new Player();
      hls.on('hlsError', (_, { fatal }) => {
        if (fatal) onError();
      });
      hls.loadSource(url);
      hls.attachMedia(video);
    })
    .catch(onError);
  return () => {
    isEnded = true;
    hls?.destroy();
  };
};
