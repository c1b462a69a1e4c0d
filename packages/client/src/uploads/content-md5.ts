import { md5 } from '@noble/hashes/legacy.js';
import { hashBlob } from '../hash-blob.ts';

/** Each slice takes some milliseconds, so the page stays responsive. */
const SLICE_BYTES = 256 * 1024;

/** Computes the `Content-MD5` of a file that need not fit into memory. */
export const contentMd5 = async (bytes: Blob, signal: AbortSignal): Promise<string> =>
  btoa(String.fromCharCode(...(await hashBlob(md5.create(), bytes, { sliceBytes: SLICE_BYTES, signal }))));
