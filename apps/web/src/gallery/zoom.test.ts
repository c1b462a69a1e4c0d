import { expect, test } from 'vitest';
import { MAX_SCALE, moveBy, WHOLE, zoomBy } from './zoom.ts';

const stage = { width: 400, height: 300 };
const middle = { x: 0, y: 0 };

test('zooming in and out again shows the whole picture', () => {
  const closer = zoomBy(WHOLE, 2, { x: 100, y: 50 }, stage);
  expect(closer).toEqual({ scale: 2, x: -100, y: -50 });
  expect(zoomBy(closer, 0.1, middle, stage)).toEqual(WHOLE);
});

test('the point under the finger stays under it', () => {
  const at = { x: 60, y: -40 };
  const before = zoomBy(WHOLE, 2, middle, stage);
  const after = zoomBy(before, 1.5, at, stage);
  const pictureAt = ({ scale, x, y }: typeof before) => [(at.x - x) / scale, (at.y - y) / scale];
  expect(pictureAt(after)).toEqual(pictureAt(before));
});

test('zooming in has a limit', () => {
  expect(zoomBy(WHOLE, 100, middle, stage).scale).toBe(MAX_SCALE);
});

test('the picture cannot be moved off the stage', () => {
  const closer = zoomBy(WHOLE, 2, middle, stage);
  expect(moveBy(closer, { x: 1_000, y: -1_000 }, stage)).toEqual({ scale: 2, x: 200, y: -150 });
  expect(moveBy(WHOLE, { x: 10, y: 10 }, stage)).toEqual(WHOLE);
});
