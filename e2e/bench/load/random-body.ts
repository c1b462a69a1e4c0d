import { createHash, randomBytes } from 'node:crypto';

// Not a multiple of any part size: a part that is stored twice or in the wrong place changes the hash.
const BLOCK_BYTES = 8 * 1_024 * 1_024 + 4_099;
const CHUNK_BYTES = 512 * 1_024;

/** Creates bodies cheaply: views on one random block, each starting at another position. */
export class RandomBody {
  readonly #block = randomBytes(BLOCK_BYTES);

  /** @param index of the upload; the same index and size give the same bytes */
  *chunks(index: number, sizeBytes: number): Generator<Buffer> {
    let at = (index * 7_919) % BLOCK_BYTES;
    for (let left = sizeBytes; left > 0; ) {
      const chunk = this.#block.subarray(at, at + Math.min(left, CHUNK_BYTES));
      yield chunk;
      left -= chunk.length;
      at = (at + chunk.length) % BLOCK_BYTES;
    }
  }

  sha256(index: number, sizeBytes: number): string {
    const hash = createHash('sha256');
    for (const chunk of this.chunks(index, sizeBytes)) hash.update(chunk);
    return hash.digest('hex');
  }
}
