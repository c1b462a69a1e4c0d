import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

const SLICE_BYTES = 1024 ** 2;

/** Lower-case hexadecimal SHA-256 of a file that need not fit into memory. Web Crypto wants all of it at once. */
export const sha256OfBlob = async (file: Blob, signal?: AbortSignal): Promise<string> => {
  const hash = sha256.create();
  for (let start = 0; start < file.size; start += SLICE_BYTES) {
    signal?.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(start, start + SLICE_BYTES).arrayBuffer()));
  }
  return bytesToHex(hash.digest());
};
