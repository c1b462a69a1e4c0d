/** Strokes on a grid of 24 × 24; the colour is the text's. */
const PATHS = {
  attach: 'M20 11.5 12 19.4a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 4.7 4.7l-8 7.9a1.7 1.7 0 0 1-2.3-2.3L14.6 8',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  close: 'M6 6l12 12M18 6L6 18',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z',
  download: 'M12 4v11m-5-4 5 5 5-5M5 20h14',
  file: 'M7 3h7l5 5v13H7zM14 3v5h5',
  forward: 'M14 5l6 6-6 6M20 11H9a5 5 0 0 0-5 5v3',
  media: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15 9h.01',
  microphone: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  network: 'M3 9a14 14 0 0 1 18 0M6.5 13a9 9 0 0 1 11 0M10 17a4 4 0 0 1 4 0',
  pause: 'M9 5v14M15 5v14',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6M18 14a6 6 0 0 1 3.5 6',
  play: 'M8 5l11 7-11 7z',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  retry: 'M20 12a8 8 0 1 1-2.6-5.9M20 3v5h-5',
  send: 'M4 12l16-8-5 17-3.5-7zM11.5 14 20 4',
  stop: 'M7 7h10v10H7z',
  shield: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM9 9l6 6M15 9l-6 6',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
} as const;

/** Icons that point along the text: mirrored where it runs from right to left. */
const POINTING: readonly IconName[] = ['back', 'next', 'forward', 'send'];

export type IconName = keyof typeof PATHS;

/** Decoration: the text next to it says what it stands for. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg
    className={POINTING.includes(name) ? 'icon pointing' : 'icon'}
    viewBox="0 0 24 24"
    aria-hidden="true"
    focusable="false"
  >
    <path d={PATHS[name]} />
  </svg>
);
