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
 * `POST /v1/media`: the same description again gives the same media object, with instructions that are good now.
 * Undefined where the service signs no tickets: then tus alone makes the upload. Throws ClaimcheckError.
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
    // Other reasons for "unavailable" pass: they are retryable.
    const hasNoTickets = error instanceof ClaimcheckError && error.code === 'unavailable' && !error.retryable;
    if (hasNoTickets) return undefined;
    throw error;
  }
};

/** `Upload-Metadata` of an upload that tus alone makes. */
export const metadataOf = (description: UploadDescription): Record<string, string> => ({
  filename: description.filename,
  filetype: description.contentType,
  client_media_id: description.clientMediaId,
  ...(description.conversationId === undefined ? {} : { conversation_id: description.conversationId }),
  ...(description.alt === undefined ? {} : { alt: description.alt }),
  ...(description.sha256 === undefined ? {} : { sha256: description.sha256 }),
});
