import { useCallback } from 'react';
import type { Upload, UploadOptions, UploadSnapshot } from '../uploads/upload.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

/** How one upload is doing; controls are on the upload itself. */
export const useUpload = (upload: Upload): UploadSnapshot => useReadable(upload);

export interface UsedUploads {
  /** Queued or under way, of the whole page. */
  uploads: readonly Upload[];
  start: (file: Blob, options?: UploadOptions) => Upload;
}

/** All uploads that have not ended. */
export const useUploads = (): UsedUploads => {
  const client = useClient();
  const start = useCallback((file: Blob, options?: UploadOptions) => client.upload(file, options), [client]);
  return { uploads: useReadable(client.uploads), start };
};
