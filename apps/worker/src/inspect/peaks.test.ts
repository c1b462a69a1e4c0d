import { expect, it } from 'vitest';
import { peaksOf } from './peaks.ts';

it('finds the loudest moment of each part, compared with the loudest of all', () => {
  const samples = Uint8Array.from([128, 128, 138, 118, 128, 148, 128, 124]);
  expect(peaksOf(samples, 4)).toEqual([0, 50, 100, 20]);
});

it('leaves silence silent', () => {
  expect(peaksOf(Uint8Array.from([128, 129, 127, 128]), 2)).toEqual([25, 25]);
  expect(peaksOf(new Uint8Array(1_000).fill(128), 100)).toEqual(Array.from({ length: 100 }, () => 0));
});

it('has no more peaks than samples', () => {
  expect(peaksOf(Uint8Array.from([255, 128]), 100)).toEqual([100, 0]);
  expect(peaksOf(new Uint8Array(), 100)).toEqual([]);
});
