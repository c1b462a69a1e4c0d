import type { Placeholder } from '../uploads/upload.ts';
import type { UploadQueue } from '../uploads/upload-queue.ts';

export interface PrepareOptions {
  contentType: string;
  stripLocation: boolean | 'if-possible';
  placeholder: Placeholder | undefined;
  describe: boolean;
  hashUpTo: number;
  queue: UploadQueue;
  onPlaceholder: (placeholder: Placeholder) => void;
  signal: AbortSignal;
}

interface PreparedFile {
  bytes: Blob;
  placeholder: Placeholder | undefined;
  sha256: string | undefined;
}

/** What is done with a file before it is sent. Rejects with `location_kept`. */
export const prepareFile = async (file: Blob, options: PrepareOptions): Promise<PreparedFile> => {
  if (options.placeholder) options.onPlaceholder(options.placeholder);
  return { bytes: file, placeholder: options.placeholder, sha256: undefined };
};
