interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Computes the digest of a file slice by slice, so it need not fit into memory. Rejects with the signal's reason. */
export const hashBlob = async (
  hash: Hash,
  blob: Blob,
  { sliceBytes, signal }: { sliceBytes: number; signal?: AbortSignal | undefined },
): Promise<Uint8Array> => {
  for (let start = 0; start < blob.size; start += sliceBytes) {
    signal?.throwIfAborted();
    hash.update(new Uint8Array(await blob.slice(start, start + sliceBytes).arrayBuffer()));
  }
  return hash.digest();
};
