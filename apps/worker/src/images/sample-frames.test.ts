import { expect, it } from 'vitest';
import { decodedFrames, framesAt } from './sample-frames.ts';

it('picks the frames that are shown at evenly spaced moments', () => {
  expect(framesAt([100, 100, 100, 100], 2)).toEqual([0, 2]);
  expect(framesAt([300, 50, 50], 4)).toEqual([0, 0, 0, 1]);
  expect(framesAt([10, 390], 4)).toEqual([0, 1, 1, 1]);
});

it('counts the frames before each piece again', () => {
  expect(decodedFrames(150)).toBe(150);
  expect(decodedFrames(600)).toBe(200 + 400 + 600);
});
