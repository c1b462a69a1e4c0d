import { useCallback } from 'react';
import type { Upload, UploadOptions, UploadSnapshot } from '../uploads/upload.ts';
import { useClient } from './claimcheck-provider.tsx';
import { useReadable } from './use-readable.ts';

/** Returns the state of one upload. The upload itself has the controls. */
export const useUpload = (upload: Upload): UploadSnapshot => useReadable(upload);

export interface UsedUploads {
  /** Number of queued and active uploads of the whole page. */
  uploads: readonly Upload[];
  start: (file: Blob, options?: UploadOptions) => Upload;
}

/** Returns all unfinished uploads. */
export const useUploads = (): UsedUploads => {
  const client = useClient();
  const start = useCallback((file: Blob, options?: UploadOptions) => client.upload(file, options), [client]);
  return { uploads: useReadable(client.uploads), start };
};
