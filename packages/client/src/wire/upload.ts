import type { Media } from './media.ts';

/** Ways to send the bytes. */
export type UploadProtocol = 'tus' | 'put' | 'multipart';

export interface SignedPart {
  /** Starts at 1; part n begins at byte (n−1) · chunk_size. */
  number: number;
  size_bytes: number;
  url: string;
}

export interface UploadInstructions {
  protocol: UploadProtocol | 'none';
  url: string;
  headers: Record<string, string>;
  parts?: SignedPart[];
  chunk_size?: number;
  complete?: { url: string; headers: Record<string, string> };
  expires_at: string;
}

/** The answer of `POST /v1/media`. */
export interface UploadAuthorization {
  media: Media;
  upload: UploadInstructions;
}

/** The answer of `POST /v1/media/:id/parts`. */
export interface UploadParts {
  finished: { number: number; size_bytes: number }[];
  parts: SignedPart[];
  chunk_size: number;
}
