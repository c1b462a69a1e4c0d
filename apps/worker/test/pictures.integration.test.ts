import { readFile } from 'node:fs/promises';
import type { OptimizeResponse } from '@claimcheck/contracts/broker-events';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './support/harness.ts';
import { fixture } from './support/stack.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.create();
  await harness.startWorker({ MAX_IMAGE_PIXELS: '20000000' });
});
afterAll(() => harness.close());

const qualitiesOf = (response: OptimizeResponse) =>
  Object.fromEntries((response.processed ?? []).map((entry) => [entry.quality, entry]));

describe('a photo with a place and an orientation', () => {
  it('becomes four upright pictures without metadata', async () => {
    const photo = await sharp(fixture('china.jpg'))
      .resize(3_000, 2_000, { fit: 'fill' })
      .jpeg()
      .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 12/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const before = await sharp(photo).metadata();
    expect(before.orientation).toBe(6);
    expect(before.exif?.length).toBeGreaterThan(0);

    const request = await harness.upload(photo, { contentType: 'image/jpeg' });
    await harness.request(request);
    const final = await harness.response(request, 'final');

    expect(harness.stagesOf(request.mediaId)).toEqual(['preview', 'scan', 'final']);
    expect(final).toMatchObject({
      success: true,
      originalUrl: request.mediaUrl,
      epoch: 1,
      width: 2_000,
      height: 3_000,
      contentType: 'image/jpeg',
    });
    expect(await harness.response(request, 'scan')).toMatchObject({ success: true, code: 'clean' });
    const qualities = qualitiesOf(final);
    const sizes = Object.values(qualities).map(({ quality, width, height }) => [quality, width, height]);
    expect(sizes.sort()).toEqual([
      ['high', 1_707, 2_560],
      ['low', 427, 640],
      ['medium', 853, 1_280],
      ['thumbnail', 213, 320],
    ]);
    for (const entry of Object.values(qualities)) {
      const bytes = await harness.download(entry.url);
      const metadata = await sharp(bytes).metadata();
      expect(bytes.length).toBe(entry.size);
      expect(metadata).toMatchObject({ format: 'webp', width: entry.width, height: entry.height });
      expect([metadata.exif, metadata.xmp, metadata.icc, metadata.orientation]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    }
  });
});

describe('a small picture', () => {
  it('is never enlarged, and has every quality', async () => {
    const png = await sharp({
      create: { width: 40, height: 30, channels: 4, background: { r: 200, g: 30, b: 30, alpha: 0.5 } },
    })
      .png()
      .toBuffer();
    const final = await harness.process(png, { contentType: 'image/png' });
    expect(final).toMatchObject({ success: true, width: 40, height: 30 });
    const entries = final.processed ?? [];
    expect(entries.map(({ quality }) => quality).sort()).toEqual(['high', 'low', 'medium', 'thumbnail']);
    for (const { width, height, url } of entries) {
      expect([width, height]).toEqual([40, 30]);
      expect((await sharp(await harness.download(url)).metadata()).hasAlpha).toBe(true);
    }
  });
});

describe('an animation', () => {
  const frames = async (format: 'gif' | 'webp') => {
    const images = await Promise.all(
      ['#f00', '#0f0', '#00f'].map((background) =>
        sharp({ create: { width: 900, height: 600, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    return sharp(images, { join: { animated: true } })
      [format]({ delay: [100, 200, 300], loop: 0 })
      .toBuffer();
  };

  it.each(['gif', 'webp'] as const)('keeps the frames of a %s; its thumbnail is still', async (format) => {
    const final = await harness.process(await frames(format), { contentType: `image/${format}` });
    expect(final).toMatchObject({ success: true, width: 900, height: 600 });
    const { low, thumbnail } = qualitiesOf(final);
    expect(low).toMatchObject({ width: 640, height: 427 });
    const moving = await sharp(await harness.download(low?.url ?? ''), { animated: true }).metadata();
    expect(moving).toMatchObject({ pages: 3, pageHeight: 427, delay: [100, 200, 300] });
    const still = await sharp(await harness.download(thumbnail?.url ?? '')).metadata();
    expect(still.pages ?? 1).toBe(1);
  });

  it.each([
    [3, 900, 600],
    [6, 600, 900],
  ])('with the orientation %i becomes a still, upright', async (orientation, width, height) => {
    const turned = await sharp(await frames('webp'), { animated: true })
      .withMetadata({ orientation })
      .webp()
      .toBuffer();
    const final = await harness.process(turned, { contentType: 'image/webp' });
    expect(final).toMatchObject({ success: true, width, height });
    const { high } = qualitiesOf(final);
    expect(high).toMatchObject({ width, height });
    const picture = sharp(await harness.download(high?.url ?? ''));
    expect((await picture.metadata()).pages ?? 1).toBe(1);
    // The first frame is the red one.
    const [red, , blue] = await picture.raw().toBuffer();
    expect(red).toBeGreaterThan(200);
    expect(blue).toBeLessThan(50);
  });
});

describe('a picture without a preview', () => {
  it('has too many pixels', async () => {
    const large = await sharp({ create: { width: 5_000, height: 5_000, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    expect(await harness.process(large)).toMatchObject({
      success: false,
      code: 'too_many_pixels',
      retryable: false,
    });
  });

  it('is cut off', async () => {
    const whole = await readFile(fixture('flower.jpg'));
    const final = await harness.process(whole.subarray(0, whole.length / 2), { contentType: 'image/jpeg' });
    expect(final).toMatchObject({ success: false, code: 'unreadable', retryable: false });
  });
});

describe('a picture that is only passed on', () => {
  it('is a drawing in SVG, which is never rendered', async () => {
    const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    const final = await harness.process(Buffer.from(svg), { contentType: 'image/svg+xml' });
    expect(final).toMatchObject({ success: true, processed: [], contentType: 'application/xml' });
  });
});
