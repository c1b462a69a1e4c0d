/** Smaller chunks are joined with their neighbours: their objects would take more memory than their bytes. */
const SMALL_BYTES = 16_384;
const MAX_SMALL_CHUNKS = 64;

/**
 * Bytes in the chunks in which they arrived, in order. Each chunk owns its memory, so `bytes` is what the list retains, apart
 * from some objects per {@link SMALL_BYTES}.
 */
export class ChunkList {
  #chunks: Buffer[] = [];
  #small: Buffer[] = [];
  #smallBytes = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The caller no longer uses these bytes, so {@link discardChunks} may free them. */
  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (chunk.length >= SMALL_BYTES) {
      this.#closeSmall();
      this.#chunks.push(ownsMemory(chunk) ? chunk : join([chunk]));
      return;
    }
    this.#small.push(ownsMemory(chunk) ? chunk : join([chunk]));
    this.#smallBytes += chunk.length;
    if (this.#smallBytes >= SMALL_BYTES) this.#closeSmall();
    else if (this.#small.length >= MAX_SMALL_CHUNKS) this.#small = [join(this.#small)];
  }

  /** Returns all chunks; the list is empty afterwards. */
  take(): Buffer[] {
    this.#closeSmall();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  #closeSmall(): void {
    const [first, second] = this.#small;
    if (first !== undefined) this.#chunks.push(second === undefined ? first : join(this.#small));
    this.#small = [];
    this.#smallBytes = 0;
  }
}

const ownsMemory = (chunk: Buffer): boolean => chunk.length === chunk.buffer.byteLength;

/** Avoids `Buffer.concat`, which takes memory from Node's pool and would retain a piece of it. */
const join = (chunks: readonly Buffer[]): Buffer => {
  const joined = Buffer.allocUnsafeSlow(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(joined, at);
  return joined;
};

/**
 * Frees the memory of chunks now instead of at the next full collection: a gigabyte of them passes between two collections.
 * No reader may be left, not even a socket that was to send them.
 */
export const discardChunks = (chunks: readonly Buffer[]): void => {
  for (const chunk of chunks)
    if (ownsMemory(chunk) && chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0);
};
