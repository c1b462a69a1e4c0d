import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { hashBlob } from '../hash-blob.ts';

const SLICE_BYTES = 1024 ** 2;

/** Computes the SHA-256 of a file that need not fit into memory, in lower-case hexadecimal. Web Crypto needs all bytes at once. */
export const sha256OfBlob = async (file: Blob, signal?: AbortSignal): Promise<string> =>
  bytesToHex(await hashBlob(sha256.create(), file, { sliceBytes: SLICE_BYTES, signal }));
