import { expect, it } from 'vitest';
import { sizeWithin } from './qualities.ts';

it.each([
  [2_000, 3_000, 1_280, 853, 1_280],
  [3_000, 2_000, 640, 640, 427],
  [40, 30, 640, 40, 30],
  [10_000, 1, 640, 640, 1],
])('%i × %i fits into %i as %i × %i', (width, height, edge, expectedWidth, expectedHeight) => {
  expect(sizeWithin({ width, height }, edge)).toEqual({ width: expectedWidth, height: expectedHeight });
});
