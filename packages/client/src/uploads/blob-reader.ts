import type { FileReader } from 'tus-js-client';

/** Reads a Blob in Node, one chunk in memory at a time; tus-js-client itself reads Blobs only in browsers. */
export const blobReader: FileReader = {
  openFile: async (blob: Blob) => ({
    size: blob.size,
    slice: async (start: number, end: number) => {
      const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
      // tus-js-client takes the size of a chunk from `size`, which only a Blob has.
      return { value: Object.assign(bytes, { size: bytes.byteLength }), done: end >= blob.size };
    },
    close: () => {},
  }),
};

/** Largest request in Node, where each is read into memory at once. */
export const NODE_CHUNK_BYTES = 8 * 1024 * 1024;
