/** What is kept of an upload until it ends; the server keeps how far it is. */
export interface UploadRecord {
  id: string;
  /** Earlier ids of it. */
  aliases: string[];
  /** `client_media_id`: the server's memory of it. */
  key: string;
  fingerprint: string | undefined;
  filename: string;
  contentType: string;
  sizeBytes: number;
  conversationId: string | undefined;
  alt: string | undefined;
  priority: number;
  stripLocation: boolean | 'if-possible';
  /** ISO 8601. */
  createdAt: string;
  /** The bytes, where the store keeps them and they are not too many. */
  file?: Blob | undefined;
  handle?: FileSystemFileHandle | undefined;
}

/** Two files with the same name, size, type and date are taken for the same, as every resumable client does. */
export const fingerprintOf = (file: Blob): string | undefined =>
  'File' in globalThis && file instanceof File && file.lastModified > 0
    ? [file.name, file.type, file.size, file.lastModified].join('|')
    : undefined;
