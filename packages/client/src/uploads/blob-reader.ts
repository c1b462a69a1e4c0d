import type { FileReader } from 'tus-js-client';

/** tus-js-client reads Blobs in browsers only; this does it in Node, one chunk in memory at a time. */
export const blobReader: FileReader = {
  openFile: async (blob: Blob) => ({
    size: blob.size,
    slice: async (start: number, end: number) => {
      const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
      // The size of a chunk is read from `size`, which only a Blob has by itself.
      return { value: Object.assign(bytes, { size: bytes.byteLength }), done: end >= blob.size };
    },
    close: () => {},
  }),
};

/** Read into memory at once, so requests in Node carry no more. */
export const NODE_CHUNK_BYTES = 8 * 1024 * 1024;
