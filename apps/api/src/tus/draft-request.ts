import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from '../problem-error.ts';

/**
 * Interop versions of "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload) that shipped clients
 * speak: 3 is draft -01 (iOS 17), 5 is -03, 6 is -04 and -05 (iOS 18, tus-js-client), 8 is the newest.
 */
export const INTEROP_VERSIONS = [3, 4, 5, 6, 7, 8] as const;
type InteropVersion = (typeof INTEROP_VERSIONS)[number];

/** One request of the draft, read from its own headers. */
export interface DraftRequest {
  version: InteropVersion;
  /** Whether the body ends the upload. */
  isLast: boolean;
  /** Length of the whole upload in bytes, if this request declares it. */
  length: number | undefined;
  /** Undefined in a request that starts an upload. */
  offset: number | undefined;
  /** Length of the body; undefined when it is chunked. */
  bodyLength: number | undefined;
}

const OCTETS = 'application/offset+octet-stream';
const PARTIAL = 'application/partial-upload';

/** Reads a non-negative Integer of Structured Fields (RFC 9651); anything else counts as absent. */
const integer = (value: string | string[] | undefined): number | undefined =>
  typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : undefined;

const isLast = (version: InteropVersion, headers: IncomingHttpHeaders): boolean =>
  version === 3 ? headers['upload-incomplete'] === '?0' : headers['upload-complete'] === '?1';

/** Reads a request of the draft; undefined for any other request, and for an unknown version. */
export const readDraftRequest = (headers: IncomingHttpHeaders): DraftRequest | undefined => {
  const version = INTEROP_VERSIONS.find(
    (known) => known === integer(headers['upload-draft-interop-version']),
  );
  if (version === undefined) return undefined;
  const isChunked = headers['transfer-encoding'] !== undefined;
  return {
    version,
    isLast: isLast(version, headers),
    length: integer(headers['upload-length']),
    offset: integer(headers['upload-offset']),
    bodyLength: isChunked ? undefined : (integer(headers['content-length']) ?? 0),
  };
};

/**
 * Returns the upload's length that a request declares: in its header, or by a body that is the last.
 *
 * @throws ProblemError `tus_protocol` when the two differ
 */
export const toldLength = ({ isLast, length, offset = 0, bodyLength }: DraftRequest): number | undefined => {
  const byBody = isLast && bodyLength !== undefined ? offset + bodyLength : undefined;
  if (byBody !== undefined && length !== undefined && byBody !== length)
    throw new ProblemError('tus_protocol', {
      field: 'Upload-Length',
      detail: `Upload-Length is ${length}, but the last byte of the body is byte ${byBody}.`,
    });
  return length ?? byBody;
};

/** Reads `filename` of a Content-Disposition (RFC 6266), preferably in the extended form. */
const filenameOf = (disposition: string | undefined): string | undefined => {
  const extended = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition ?? '')?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      return undefined;
    }
  }
  return /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i
    .exec(disposition ?? '')
    ?.slice(1)
    .find(Boolean);
};

/** The draft describes a file with the headers of HTTP, tus with `Upload-Metadata`; a client may send either. */
const metadataOf = (headers: IncomingHttpHeaders): string => {
  const own = headers['upload-metadata'];
  if (typeof own === 'string') return own;
  const type = headers['content-type'];
  const pairs = {
    filename: filenameOf(headers['content-disposition']),
    filetype: type === PARTIAL ? undefined : type,
  };
  return Object.entries(pairs)
    .filter(([, value]) => value !== undefined)
    .map(([key, value = '']) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
};

/**
 * Translates the request into the headers of tus 1.0.0.
 *
 * @param isCreation whether it is sent to the collection, and not to the URL of an upload
 * @throws as {@link toldLength}
 */
export const toTusHeaders = (
  draft: DraftRequest,
  headers: IncomingHttpHeaders,
  isCreation: boolean,
): IncomingHttpHeaders => {
  const { 'upload-length': _length, 'content-type': _type, ...others } = headers;
  const tus = { 'tus-resumable': '1.0.0' };
  if (!isCreation)
    return { ...others, ...tus, 'content-type': OCTETS, 'upload-offset': String(draft.offset ?? 0) };
  const length = toldLength(draft);
  const metadata = metadataOf(headers);
  return {
    ...others,
    ...tus,
    ...(draft.bodyLength === 0 ? {} : { 'content-type': OCTETS }),
    ...(length === undefined ? { 'upload-defer-length': '1' } : { 'upload-length': String(length) }),
    ...(metadata === '' ? {} : { 'upload-metadata': metadata }),
  };
};
