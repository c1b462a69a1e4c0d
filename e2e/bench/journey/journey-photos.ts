import sharp from 'sharp';
import { smallPhoto } from '../../harness/fixtures.ts';

/** Size of a photo that a messenger has already reduced. */
const BYTES = 192 * 1_024;
const WIDTH = 1_280;

const atQuality = async (quality: number): Promise<Buffer> =>
  sharp(await smallPhoto())
    .resize(WIDTH, Math.round((WIDTH * 3) / 4), { fit: 'fill' })
    .jpeg({ quality })
    .toBuffer();

const comment = (bytes: number, text: string): Buffer => {
  const body = Buffer.alloc(bytes - 4, 0x20);
  body.write(text);
  // A JPEG segment: marker (COM), its length with these two bytes, content.
  return Buffer.concat([Buffer.from([0xff, 0xfe, (bytes - 2) >> 8, (bytes - 2) & 0xff]), body]);
};

const START_OF_IMAGE = 2;
const SEGMENT_BYTES = 32_768;

/** Photos of exactly 192 KiB that look the same and are different files. */
export class JourneyPhotos {
  readonly #photo: Buffer;
  #made = 0;

  private constructor(photo: Buffer) {
    this.#photo = photo;
  }

  static async create(): Promise<JourneyPhotos> {
    for (let quality = 96; quality > 10; quality -= 2) {
      const photo = await atQuality(quality);
      if (photo.length < BYTES - 64) return new JourneyPhotos(photo);
    }
    throw new Error('no quality makes the photo small enough');
  }

  next(): Buffer {
    this.#made += 1;
    const segments: Buffer[] = [];
    for (let left = BYTES - this.#photo.length; left > 0; ) {
      const bytes = left > SEGMENT_BYTES + 64 ? SEGMENT_BYTES : left;
      segments.push(comment(bytes, `photo ${this.#made}`));
      left -= bytes;
    }
    const [head, tail] = [this.#photo.subarray(0, START_OF_IMAGE), this.#photo.subarray(START_OF_IMAGE)];
    return Buffer.concat([head, ...segments, tail]);
  }
}
