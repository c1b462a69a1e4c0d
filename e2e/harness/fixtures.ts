import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';

const read = (name: string) => readFile(new URL(`../fixtures/${name}`, import.meta.url));

export const sha256 = (bytes: Buffer | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** 1280 × 720, H.264 and AAC, 5.3 s. */
export const videoFile = () => read('big-buck-bunny-5s.mp4');

/** In a codec that phones cannot play: a worker needs some seconds for it. Matroska. */
export const videoToTranscode = async (seconds: number): Promise<Buffer> => {
  const source = `testsrc2=size=1280x720:rate=30:duration=${seconds}`;
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    ['-v', 'error', '-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', '-q:v', '5', '-f', 'matroska', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 256 * 1_024 * 1_024 },
  );
  return stdout;
};

export const smallPhoto = () => read('china.jpg');

/** Returns what a viewer should see of {@link phonePhoto}, at `width` pixels. */
export const phonePhotoUpright = async (width: number) =>
  sharp(await smallPhoto())
    .resize(width, Math.round((width * 3) / 4), { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });

/**
 * A photo as a phone makes it: 12 megapixels, stored on its side with EXIF orientation 6 (rotate it clockwise to see it
 * upright), with a location.
 */
export const phonePhoto = async (): Promise<Buffer> => {
  const upright = await sharp(await smallPhoto())
    .resize(4_032, 3_024, { fit: 'fill' })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(upright)
    .rotate(-90)
    .withExif({
      IFD0: { Make: 'Claimcheck', Model: 'Test camera' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '48/1 51/1 30/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '2/1 17/1 40/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 90 })
    .toBuffer();
};

/** Mean difference of two pictures of the same size, per channel: 0 if equal, 255 for black against white. */
export const meanDifference = (a: Buffer, b: Buffer): number => {
  if (a.length !== b.length)
    throw new Error(`pictures of ${a.length} and ${b.length} bytes cannot be compared`);
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
};
