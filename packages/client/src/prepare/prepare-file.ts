import type { UploadQueue } from '../upload-queue.ts';
import { describeFile } from './describe-file.ts';
import type { Placeholder } from './placeholder.ts';
import { stripLocation } from './strip-location.ts';

export interface PrepareOptions {
  contentType: string;
  stripLocation: boolean | 'if-possible';
  /** Values from the caller, which replace the computed ones. */
  placeholder: Placeholder | undefined;
  describe: boolean;
  /** Bytes. */
  hashUpTo: number;
  queue: UploadQueue;
  onPlaceholder: (placeholder: Placeholder) => void;
  signal: AbortSignal;
}

/** The file to send: the original, or its copy without a location. */
export interface PreparedFile {
  bytes: Blob;
  placeholder: Placeholder | undefined;
  /** Lower-case hexadecimal. */
  sha256: string | undefined;
}

/** Prepares a file before it is sent. Rejects with `location_kept`. */
export const prepareFile = async (file: Blob, options: PrepareOptions): Promise<PreparedFile> => {
  const release = await options.queue.acquire(0, options.signal);
  try {
    const placeholder = await placeholderOf(file, options);
    if (placeholder) options.onPlaceholder(placeholder);
    const bytes = await stripLocation(file, options.contentType, options.stripLocation);
    return { bytes, placeholder, sha256: await hashOf(bytes, options) };
  } finally {
    release();
  }
};

const placeholderOf = async (
  file: Blob,
  { placeholder, describe, contentType, signal }: PrepareOptions,
): Promise<Placeholder | undefined> =>
  placeholder ?? (describe ? await describeFile(file, contentType, signal) : undefined);

const hashOf = async (bytes: Blob, { hashUpTo, signal }: PrepareOptions): Promise<string | undefined> => {
  if (bytes.size === 0 || bytes.size > hashUpTo) return undefined;
  const { hashInWorker } = await import('./hash-in-worker.ts');
  return hashInWorker(bytes, signal);
};
