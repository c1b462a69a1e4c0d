/** The view of a picture: `x` and `y` shift its centre, in CSS pixels. */
export interface Zoom {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  /** Relative to the centre of the stage. */
  x: number;
  y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
export const MAX_SCALE = 8;

/** Keeps the picture on the stage: a larger picture can be moved as far as its edges. */
const inside = ({ scale, x, y }: Zoom, stage: Size): Zoom => {
  const reachX = ((scale - 1) * stage.width) / 2;
  const reachY = ((scale - 1) * stage.height) / 2;
  return { scale, x: clamp(x, reachX), y: clamp(y, reachY) };
};

const clamp = (value: number, reach: number) => (reach === 0 ? 0 : Math.min(Math.max(value, -reach), reach));

/** Zooms by a factor; the point `at` stays in place. */
export const zoomBy = (zoom: Zoom, factor: number, at: Point, stage: Size): Zoom => {
  const scale = Math.min(Math.max(zoom.scale * factor, 1), MAX_SCALE);
  const change = scale / zoom.scale;
  return inside({ scale, x: at.x - (at.x - zoom.x) * change, y: at.y - (at.y - zoom.y) * change }, stage);
};

export const moveBy = ({ scale, x, y }: Zoom, by: Point, stage: Size): Zoom =>
  inside({ scale, x: x + by.x, y: y + by.y }, stage);
