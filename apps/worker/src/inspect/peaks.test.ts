import { expect, it } from 'vitest';
import { peaksOf } from './peaks.ts';

const peaks = (samples: Uint8Array, count: number, piece = samples.length + 1) =>
  peaksOf(
    Array.from({ length: Math.ceil(samples.length / piece) }, (_, index) =>
      samples.subarray(index * piece, (index + 1) * piece),
    ),
    { samples: samples.length, count },
  );

it.each([100, 3, 1])(
  'finds the loudest moment of each part, compared with the loudest of all',
  async (piece) => {
    const samples = Uint8Array.from([128, 128, 138, 118, 128, 148, 128, 124]);
    expect(await peaks(samples, 4, piece)).toEqual([0, 50, 100, 20]);
  },
);

it('divides any number of samples into parts', async () => {
  const samples = Uint8Array.from([228, 128, 128, 178, 128, 128, 128]);
  expect(await peaks(samples, 3, 2)).toEqual([100, 50, 0]);
});

it('leaves silence silent', async () => {
  expect(await peaks(Uint8Array.from([128, 129, 127, 128]), 2)).toEqual([25, 25]);
  expect(await peaks(new Uint8Array(1_000).fill(128), 100)).toEqual(Array.from({ length: 100 }, () => 0));
});

it('has no more peaks than samples', async () => {
  expect(await peaks(Uint8Array.from([255, 128]), 100)).toEqual([100, 0]);
  expect(await peaks(new Uint8Array(), 100)).toEqual([]);
});
