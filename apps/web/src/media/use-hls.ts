import { type RefObject, useEffect, useEffectEvent } from 'react';

const NATIVE = 'application/vnd.apple.mpegurl';

/** Plays an HLS playlist in the element; hls.js is fetched only where the browser can't do it itself. */
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
    if (video.canPlayType(NATIVE) !== '') {
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
