import type { DetailedError, Upload } from 'tus-js-client';
import { ClaimcheckError, cancelledError, errorOfAnswer, networkError } from '../claimcheck-error.ts';
import { blobReader } from './blob-reader.ts';
import type { TransferContext } from './transfer-context.ts';

/** An existing upload, or one that the protocol creates. */
export interface TusTarget {
  uploadUrl?: string | undefined;
  endpoint?: string | undefined;
  metadata?: Record<string, string> | undefined;
  headers: Record<string, string>;
  onUploadUrl?: (url: string) => void;
}

/** Loaded on demand: a third of the SDK, unused where bytes go directly to the storage. */
const loadTus = async () => {
  try {
    return await import('tus-js-client');
  } catch (error) {
    throw networkError(error);
  }
};

/** Asks for the upload's offset and sends the rest. The caller retries; each attempt asks the server again. */
export const sendByTus = async (
  { headers, onUploadUrl, uploadUrl, endpoint, metadata }: TusTarget,
  { http, bytes, signal, onProgress, requestSize }: TransferContext,
): Promise<void> => {
  const tus = await loadTus();
  const chunkSize = await requestSize.get();
  return new Promise((resolve, reject) => {
    const upload: Upload = new tus.Upload(bytes, {
      ...(uploadUrl === undefined ? { endpoint: endpoint ?? '', metadata: metadata ?? {} } : { uploadUrl }),
      headers,
      retryDelays: null,
      storeFingerprintForResuming: false,
      onBeforeRequest: async (request) => {
        // Without a ticket, the user's current token authorises the request.
        if (headers.authorization === undefined && http.tokens)
          request.setHeader('Authorization', `Bearer ${await http.tokens.get()}`);
      },
      onProgress: (sent) => onProgress(sent),
      onUploadUrlAvailable: () => {
        if (upload.url !== null) onUploadUrl?.(new URL(upload.url, endpoint).href);
      },
      onSuccess: () => settle(resolve),
      onError: (error) => settle(() => reject(errorOfTus(error))),
      chunkSize,
      ...('XMLHttpRequest' in globalThis ? {} : { fileReader: blobReader }),
    });
    const abort = () => {
      void upload.abort();
      settle(() => reject(cancelledError()));
    };
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', abort);
      end();
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else upload.start();
  });
};

const errorOfTus = (error: Error): ClaimcheckError => {
  if (error instanceof ClaimcheckError) return error;
  const response = isDetailed(error) ? error.originalResponse : undefined;
  return response ? errorOfAnswer(response.getStatus(), response.getBody()) : networkError(error);
};

const isDetailed = (error: Error): error is DetailedError => 'originalResponse' in error;
