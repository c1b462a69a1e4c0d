import { type PointerEvent, useEffect, useRef, useState } from 'react';

const LONG_MS = 450;
/** A finger that travels further scrolls. CSS pixels. */
const STILL = 10;

/** Reports a finger that rests on an element; with a mouse, there are buttons next to it. */
export const useLongPress = () => {
  const [isPressed, setPressed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef({ x: 0, y: 0 });
  const stop = () => clearTimeout(timer.current);
  useEffect(() => () => clearTimeout(timer.current), []);
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return;
      start.current = { x: event.clientX, y: event.clientY };
      timer.current = setTimeout(() => setPressed(true), LONG_MS);
    },
    onPointerMove: (event: PointerEvent) => {
      const { x, y } = start.current;
      if (Math.hypot(event.clientX - x, event.clientY - y) > STILL) stop();
    },
    onPointerUp: stop,
    onPointerCancel: stop,
  };
  return { isPressed, release: () => setPressed(false), handlers };
};
