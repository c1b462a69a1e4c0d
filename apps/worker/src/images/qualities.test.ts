import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { sizeWithin } from './image-size.ts';
import { inspectImage } from './open-image.ts';
import { encodeQualities, framesWithin, isMovable, qualitySize } from './qualities.ts';

it.each([
  [2_000, 3_000, 1_280, 853, 1_280],
  [3_000, 2_000, 640, 640, 427],
  [40, 30, 640, 40, 30],
  [10_000, 1, 640, 640, 1],
])('%i × %i fits into %i as %i × %i', (width, height, edge, expectedWidth, expectedHeight) => {
  expect(sizeWithin({ width, height }, edge)).toEqual({ width: expectedWidth, height: expectedHeight });
});

it.each([
  [3_000, 2_000, 'high', 2_560, 1_707],
  [1_080, 6_000, 'high', 1_080, 6_000],
  [1_080, 6_000, 'medium', 720, 4_000],
  [1_080, 6_000, 'low', 360, 2_000],
  [1_080, 20_000, 'high', 885, 16_383],
  [20_000, 2_000, 'medium', 7_200, 720],
  [50_000, 5, 'low', 16_383, 2],
] as const)('%i × %i as %s is %i × %i', (width, height, quality, expectedWidth, expectedHeight) => {
  expect(qualitySize({ width, height }, quality)).toEqual({ width: expectedWidth, height: expectedHeight });
});

it.each([
  [1, 480, 270, false],
  [60, 1_280, 720, true],
  [500, 480, 270, true],
  [501, 480, 270, false],
  [300, 100, 100, true],
])('an animation of %i frames of %i × %i keeps all of them: %s', (frames, width, height, expected) => {
  expect(isMovable({ frames, width, height, maxPixels: 1, failOn: 'error', isHevc: false })).toBe(expected);
});

it('a larger animation has fewer frames', () => {
  expect(framesWithin({ width: 200, height: 200 }, 2_000)).toBe(500);
  expect(framesWithin({ width: 1_000, height: 1_000 }, 2_000)).toBe(40);
  expect(framesWithin({ width: 10_000, height: 10_000 }, 2_000)).toBe(1);
});

it('encoding a photo keeps its pixels in memory once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-qualities-'));
  const path = join(folder, 'photo.png');
  const size = { width: 2_560, height: 1_920 };
  const { size: sourceBytes } = await sharp({ create: { ...size, channels: 3, background: '#468' } })
    .png({ compressionLevel: 0 })
    .toFile(path);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 1);
  try {
    const image = await inspectImage(path, 10_000_000);
    const encoded = await encodeQualities({ path, image, sourceBytes, isLossless: false });
    expect(encoded).toHaveLength(3);
  } finally {
    clearInterval(watch);
    await rm(folder, { recursive: true });
  }
  // A copy for each encoding would be six more.
  expect(most).toBeLessThan(1.5 * 3 * size.width * size.height);
});
