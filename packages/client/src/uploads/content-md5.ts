import { md5 } from '@noble/hashes/legacy.js';

/** Some milliseconds each: the page has to move meanwhile. */
const SLICE_BYTES = 256 * 1024;

/** `Content-MD5` of a file that need not fit into memory. */
export const contentMd5 = async (bytes: Blob, signal: AbortSignal): Promise<string> => {
  const hash = md5.create();
  for (let start = 0; start < bytes.size; start += SLICE_BYTES) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await bytes.slice(start, start + SLICE_BYTES).arrayBuffer()));
  }
  return btoa(String.fromCharCode(...hash.digest()));
};
