import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';

const read = (name: string) => readFile(new URL(`../fixtures/${name}`, import.meta.url));

export const sha256 = (bytes: Buffer | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** 1280 × 720, H.264 and AAC, 5.3 s. */
export const videoFile = () => read('big-buck-bunny-5s.mp4');

export const smallPhoto = () => read('china.jpg');

/**
 * A photo as a phone makes it: 12 megapixels stored on its side (EXIF orientation 6: turn it clockwise to
 * see it upright), with the place where it was taken.
 */
export const phonePhoto = async (): Promise<Buffer> =>
  sharp(await smallPhoto())
    .resize(4_032, 3_024, { fit: 'fill' })
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
