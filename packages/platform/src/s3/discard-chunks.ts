/** Whether a chunk is all of its memory, not a piece of a larger buffer. */
export const ownsMemory = (chunk: Buffer): boolean => chunk.length === chunk.buffer.byteLength;

/**
 * Frees the memory of chunks now instead of at the next full collection: a gigabyte of them passes between two collections.
 * No reader may be left, not even a socket that was to send them.
 */
export const discardChunks = (chunks: readonly Buffer[]): void => {
  for (const chunk of chunks)
    if (ownsMemory(chunk) && chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0);
};
