// The page's script: plays a video by hls.js, with the user's token on requests to our own origin.
import Hls from 'hls.js';

export interface PlayTask {
  url: string;
  token: string;
}

export interface PlayReport {
  /** Seconds. */
  duration: number;
  position: number;
  width: number;
  levels: number;
  error?: string;
}

declare global {
  interface Window {
    play: (task: PlayTask) => void;
    played: PlayReport;
  }
}

window.play = ({ url, token }) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const hls = new Hls({
    xhrSetup: (request, target) => {
      request.open('GET', target, true);
      if (new URL(target, location.href).origin === location.origin)
        request.setRequestHeader('authorization', `Bearer ${token}`);
    },
  });
  window.played = { duration: 0, position: 0, width: 0, levels: 0 };
  hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
    window.played.levels = levels.length;
    void video.play();
  });
  hls.on(Hls.Events.ERROR, (_, { fatal, details }) => {
    if (fatal) window.played.error = details;
  });
  video.addEventListener('timeupdate', () => {
    Object.assign(window.played, {
      duration: video.duration,
      position: video.currentTime,
      width: video.videoWidth,
    });
  });
  hls.loadSource(url);
  hls.attachMedia(video);
};
