import { type RefObject, useEffect, useEffectEvent } from 'react';

/**
 * Plays an HLS playlist in the element. Chromium says that it can do that itself, and then fails at segments that
 * are redirected to the storage: only a browser that leaves no choice, as on older iPhones, gets the playlist.
 */
export const useHls = (
  element: RefObject<HTMLVideoElement | null>,
  playlist: string | undefined,
  attempt: number,
  onFail: () => void,
): void => {
  const fail = useEffectEvent(onFail);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt begins anew
  useEffect(() => {
    const video = element.current;
    if (!video || playlist === undefined) return;
    if (!('MediaSource' in window || 'ManagedMediaSource' in window)) {
      video.src = playlist;
      return;
    }
    let isOver = false;
    let destroy = () => {};
    const start = async () => {
      const { default: Hls } = await import('hls.js/light');
      if (isOver) return;
      // Its worker is a blob, which the page's policy does not allow; what it does for fMP4 is little.
      const hls = new Hls({
        enableWorker: false,
        capLevelToPlayerSize: true,
        startPosition: video.currentTime,
      });
      destroy = () => hls.destroy();
      hls.on(Hls.Events.ERROR, (_, { fatal }) => {
        if (fatal) fail();
      });
      hls.loadSource(playlist);
      hls.attachMedia(video);
    };
    start().catch(() => fail());
    return () => {
      isOver = true;
      destroy();
    };
  }, [element, playlist, attempt]);
};
