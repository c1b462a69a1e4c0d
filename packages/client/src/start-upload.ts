import { DetailedError, type UploadOptions as TusOptions, Upload } from 'tus-js-client';
import { blobReader, NODE_CHUNK_BYTES } from './blob-reader.ts';
import { ClaimcheckError, errorOfAnswer, networkError } from './claimcheck-error.ts';
import type { GetToken } from './http.ts';

export interface UploadInput {
  filename: string;
  /** A media type; parameters such as `; charset=utf-8` are dropped. */
  contentType: string;
  /** Names one media object for good: the same key again continues the same upload. */
  clientMediaId: string;
  conversationId?: string;
  alt?: string;
  /** Bytes that the server has or is being sent, of all bytes. */
  onProgress?: (sentBytes: number, totalBytes: number) => void;
}

export interface UploadHandle {
  /** Known as soon as the server has created the upload. */
  mediaObjectId: Promise<string>;
  /** The media object's id, when the last byte is stored. Rejects with ClaimcheckError. */
  done: Promise<string>;
  pause(): void;
  resume(): void;
  /** Ends the upload here and on the server; `done` rejects with code `cancelled`. */
  cancel(): Promise<void>;
}

export interface UploadTarget {
  baseUrl: string;
  getToken: GetToken;
}

const RETRY_DELAYS_MS = [0, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000];
/** Conflicts that a tus client solves by asking for the offset again, and refusals that pass with time. */
const RETRYABLE_STATUSES = [0, 409, 423, 429, 460];

export const startUpload = (target: UploadTarget, file: Blob, input: UploadInput): UploadHandle => {
  const created = Promise.withResolvers<string>();
  const finished = Promise.withResolvers<string>();
  // Whoever waits for `done` learns of the failure there; this one must not be "unhandled" as well.
  created.promise.catch(() => {});
  const fail = (error: unknown) => {
    created.reject(error);
    finished.reject(error);
  };

  const upload: Upload = new Upload(file, {
    ...transport(target),
    metadata: metadataOf(input),
    onProgress: (sent, total) => input.onProgress?.(sent, total),
    onUploadUrlAvailable: () => created.resolve(idOf(upload)),
    onSuccess: () => finished.resolve(idOf(upload)),
    onError: (error) => fail(toClaimcheckError(error)),
  });
  upload.start();

  return {
    mediaObjectId: created.promise,
    done: finished.promise,
    pause: () => void upload.abort(),
    resume: () => upload.start(),
    cancel: async () => {
      fail(new ClaimcheckError('cancelled', 'The upload was cancelled.'));
      await upload.abort(true).catch((error) => {
        throw toClaimcheckError(error);
      });
    },
  };
};

const transport = ({ baseUrl, getToken }: UploadTarget): TusOptions => ({
  endpoint: new URL('/v1/uploads', baseUrl).href,
  retryDelays: RETRY_DELAYS_MS,
  storeFingerprintForResuming: false,
  onBeforeRequest: async (request) => {
    request.setHeader('Authorization', `Bearer ${await getToken()}`);
  },
  onShouldRetry: (error) => {
    const status = error.originalResponse?.getStatus() ?? 0;
    return status >= 500 || RETRYABLE_STATUSES.includes(status);
  },
  ...('XMLHttpRequest' in globalThis ? {} : { fileReader: blobReader, chunkSize: NODE_CHUNK_BYTES }),
});

const metadataOf = (input: UploadInput): Record<string, string> => ({
  filename: input.filename,
  filetype: input.contentType.split(';')[0]?.trim() || 'application/octet-stream',
  client_media_id: input.clientMediaId,
  ...(input.conversationId === undefined ? {} : { conversation_id: input.conversationId }),
  ...(input.alt === undefined ? {} : { alt: input.alt }),
});

/** The upload's URL ends in the media object's id. */
const idOf = (upload: Upload): string => {
  const id = upload.url === null ? undefined : new URL(upload.url).pathname.split('/').at(-1);
  if (!id) throw new ClaimcheckError('tus_protocol', 'The server did not name the upload.');
  return id;
};

const toClaimcheckError = (error: unknown): ClaimcheckError => {
  if (error instanceof ClaimcheckError) return error;
  if (!(error instanceof DetailedError) || !error.originalResponse) return networkError(error);
  return errorOfAnswer(error.originalResponse.getStatus(), error.originalResponse.getBody());
};
