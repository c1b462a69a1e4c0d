import { type PointerEvent, useRef, useState, type WheelEvent } from 'react';
import { moveBy, type Point, WHOLE, type Zoom, zoomBy } from './zoom.ts';

const STEP = 1.5;
const DOUBLE_TAP_SCALE = 2.5;
/** CSS pixels that a finger must travel to turn the page. */
const SWIPE = 60;

const MIDDLE: Point = { x: 0, y: 0 };

const between = ([a, b]: readonly Point[]): number => (a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0);
const centre = (points: readonly Point[]): Point => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});

/** Zooms and moves by wheel, pinch, drag and double tap; a swipe over the whole picture turns the page. */
export const useZoom = (key: string, onSwipe: (direction: 1 | -1) => void) => {
  const stage = useRef<HTMLDivElement>(null);
  const pointers = useRef(new Map<number, Point>());
  const travelled = useRef(0);
  const [zoom, setZoom] = useState<Zoom>(WHOLE);
  const [zoomedKey, setZoomedKey] = useState(key);
  // Not in an effect: the next picture would be drawn once at the zoom of the one before.
  if (zoomedKey !== key) {
    setZoomedKey(key);
    setZoom(WHOLE);
  }

  const size = () => ({ width: stage.current?.clientWidth ?? 1, height: stage.current?.clientHeight ?? 1 });
  const pointOf = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
    const box = stage.current?.getBoundingClientRect() ?? new DOMRect();
    return { x: clientX - box.x - box.width / 2, y: clientY - box.y - box.height / 2 };
  };
  const zoomIn = () => setZoom((now) => zoomBy(now, STEP, MIDDLE, size()));
  const zoomOut = () => setZoom((now) => zoomBy(now, 1 / STEP, MIDDLE, size()));
  const reset = () => setZoom(WHOLE);

  const onPointerDown = (event: PointerEvent) => {
    if (pointers.current.size === 0) travelled.current = 0;
    pointers.current.set(event.pointerId, pointOf(event));
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const before = [...pointers.current.values()];
    if (!pointers.current.has(event.pointerId)) return;
    pointers.current.set(event.pointerId, pointOf(event));
    const after = [...pointers.current.values()];
    const [from, to] = [centre(before), centre(after)];
    travelled.current += to.x - from.x;
    setZoom((now) => {
      const moved = moveBy(now, { x: to.x - from.x, y: to.y - from.y }, size());
      return after.length < 2 ? moved : zoomBy(moved, between(after) / between(before), to, size());
    });
  };
  const onPointerUp = (event: PointerEvent) => {
    pointers.current.delete(event.pointerId);
    if (pointers.current.size > 0 || zoom.scale > 1) return;
    if (Math.abs(travelled.current) > SWIPE) onSwipe(travelled.current < 0 ? 1 : -1);
  };
  const onWheel = (event: WheelEvent) => {
    const at = pointOf(event);
    setZoom((now) => zoomBy(now, Math.exp(-event.deltaY / 300), at, size()));
  };
  const onDoubleClick = (event: { clientX: number; clientY: number }) => {
    const at = pointOf(event);
    setZoom((now) => (now.scale > 1 ? WHOLE : zoomBy(now, DOUBLE_TAP_SCALE, at, size())));
  };

  const handlers = {
    onPointerDown,
    onPointerMove,
    onPointerUp,
    onPointerCancel: onPointerUp,
    onWheel,
    onDoubleClick,
  };
  return { stage, zoom, zoomIn, zoomOut, reset, handlers };
};
