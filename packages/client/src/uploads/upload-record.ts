import type { UploadOptions } from './upload.ts';
import type { UploadSettings } from './upload-settings.ts';

/** The stored form of an unfinished upload. The server keeps its offset. */
export interface UploadRecord {
  id: string;
  /** Its earlier ids. */
  aliases: string[];
  /** The `client_media_id` under which the server knows it. */
  key: string;
  fingerprint: string | undefined;
  filename: string;
  contentType: string;
  sizeBytes: number;
  /** Last modification of a file, in milliseconds since 1970. */
  lastModified?: number | undefined;
  conversationId: string | undefined;
  alt: string | undefined;
  priority: number;
  stripLocation: boolean | 'if-possible';
  /** ISO 8601. */
  createdAt: string;
  /** The bytes, if the store keeps bytes and they are few enough. */
  file?: Blob | undefined;
  handle?: FileSystemFileHandle | undefined;
}

/** Treats two files with the same name, size, type and date as the same, as every resumable client does. */
const fingerprintOf = (file: Blob): string | undefined =>
  isFile(file) && file.lastModified > 0
    ? [file.name, file.type, file.size, file.lastModified].join('|')
    : undefined;

const isFile = (file: Blob): file is File => 'File' in globalThis && file instanceof File;

export const lastModifiedOf = (file: Blob): number | undefined =>
  isFile(file) ? file.lastModified : undefined;

/** Name of an upload's lock. Only its holder works on the upload. */
export const lockOf = ({ id }: Pick<UploadRecord, 'id'>): string => `upload/${id}`;

export const recordOf = (
  file: Blob,
  options: UploadOptions,
  settings: Pick<UploadSettings, 'stripLocation'>,
): UploadRecord => {
  const id = options.id ?? crypto.randomUUID();
  const { fingerprint = options.id === undefined ? fingerprintOf(file) : false } = options;
  return {
    id,
    aliases: [],
    key: id,
    fingerprint: fingerprint === false ? undefined : fingerprint,
    filename: options.filename ?? nameOf(file),
    contentType: mediaTypeOf(options.contentType ?? file.type),
    sizeBytes: file.size,
    lastModified: lastModifiedOf(file),
    conversationId: options.conversationId,
    alt: options.alt,
    priority: options.priority ?? 0,
    stripLocation: options.stripLocation ?? settings.stripLocation,
    createdAt: new Date().toISOString(),
    handle: options.handle,
  };
};

const nameOf = (file: Blob): string => ('name' in file && typeof file.name === 'string' ? file.name : 'file');

const mediaTypeOf = (type: string): string => type.split(';')[0]?.trim() || 'application/octet-stream';
