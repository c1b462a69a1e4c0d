import type { Media } from '@claimcheck/client';
import { blurUrl } from '@claimcheck/client/react/thumbhash-picture';
import { rgbaToThumbHash } from 'thumbhash';
import { expect, test } from 'vitest';
import { frameSize } from './frame-size.ts';

const sizeOf = (extra: Partial<Media>) => frameSize({ kind: 'image', ...extra } as Media);
const wideHash = btoa(String.fromCharCode(...rgbaToThumbHash(40, 20, new Uint8Array(40 * 20 * 4).fill(200))));

test('known dimensions give the ratio, within the largest box', () => {
  expect(sizeOf({ width: 4000, height: 2000 })).toEqual({ width: 360, ratio: 2 });
  expect(sizeOf({ width: 1000, height: 4000 })).toEqual({ width: 120, ratio: 0.25 });
  expect(sizeOf({ width: 200, height: 100 })).toEqual({ width: 200, ratio: 2 });
});

test('unknown dimensions are taken from the thumbhash, or guessed', () => {
  expect(sizeOf({ thumbhash: wideHash }).ratio).toBeGreaterThan(1.5);
  expect(sizeOf({}).ratio).toBeCloseTo(4 / 3);
  expect(sizeOf({ thumbhash: 'AA==' }).ratio).toBeCloseTo(4 / 3);
});

test('a thumbhash becomes a picture, and any other text becomes nothing', () => {
  expect(blurUrl(wideHash)).toMatch(/^data:image\/png;base64,/);
  expect(blurUrl('not base64!')).toBeUndefined();
  expect(blurUrl(undefined)).toBeUndefined();
});
