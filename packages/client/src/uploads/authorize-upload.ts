import { ClaimcheckError } from '../claimcheck-error.ts';
import type { Http } from '../http.ts';
import type { Placeholder } from '../prepare/placeholder.ts';
import type { UploadAuthorization, UploadProtocol } from '../wire/upload.ts';

export interface UploadDescription {
  clientMediaId: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId: string | undefined;
  alt: string | undefined;
  placeholder: Placeholder | undefined;
  sha256: string | undefined;
  protocols: UploadProtocol[];
}

/**
 * Calls `POST /v1/media`. The same description gives the same media object, with instructions that are valid now.
 * Returns undefined if the service signs no tickets: then tus alone creates the upload. Throws ClaimcheckError.
 */
export const authorizeUpload = async (
  http: Http,
  description: UploadDescription,
  signal: AbortSignal,
): Promise<UploadAuthorization | undefined> => {
  const { placeholder } = description;
  const body = {
    client_media_id: description.clientMediaId,
    filename: description.filename,
    size_bytes: description.sizeBytes,
    content_type: description.contentType,
    conversation_id: description.conversationId,
    alt: description.alt,
    sha256: description.sha256,
    width: placeholder?.width,
    height: placeholder?.height,
    duration_ms: placeholder?.durationMs,
    thumbhash: placeholder?.thumbhash,
    protocols: description.protocols,
  };
  try {
    return await http.request<UploadAuthorization>('POST', '/v1/media', body, { signal });
  } catch (error) {
    // "unavailable" with another reason is temporary, and retryable.
    const hasNoTickets = error instanceof ClaimcheckError && error.code === 'unavailable' && !error.retryable;
    if (hasNoTickets) return undefined;
    throw error;
  }
};

/** Returns the `Upload-Metadata` of an upload that tus alone creates. */
export const metadataOf = (description: UploadDescription): Record<string, string> => ({
  filename: description.filename,
  filetype: description.contentType,
  client_media_id: description.clientMediaId,
  ...(description.conversationId === undefined ? {} : { conversation_id: description.conversationId }),
  ...(description.alt === undefined ? {} : { alt: description.alt }),
  ...(description.sha256 === undefined ? {} : { sha256: description.sha256 }),
});
