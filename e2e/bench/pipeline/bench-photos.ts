import { phonePhoto } from '../../harness/fixtures.ts';

const START_OF_IMAGE = 2;

/**
 * Creates photos of 12 megapixels that look the same and are different files: each has a separate comment, so that processing
 * one saves no work for another.
 */
export class BenchPhotos {
  readonly #photo: Buffer;
  #made = 0;

  private constructor(photo: Buffer) {
    this.#photo = photo;
  }

  static async create(): Promise<BenchPhotos> {
    return new BenchPhotos(await phonePhoto());
  }

  /** The original of all copies. */
  get original(): Buffer {
    return this.#photo;
  }

  next(): Buffer {
    this.#made += 1;
    const text = Buffer.from(`photo ${this.#made}`);
    // A JPEG segment: marker (COM), its length with these two bytes, content.
    const head = Buffer.from([0xff, 0xfe, 0, text.length + 2]);
    return Buffer.concat([
      this.#photo.subarray(0, START_OF_IMAGE),
      head,
      text,
      this.#photo.subarray(START_OF_IMAGE),
    ]);
  }

  take(count: number): Buffer[] {
    return Array.from({ length: count }, () => this.next());
  }
}
