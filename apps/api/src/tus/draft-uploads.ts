import type { IncomingHttpHeaders } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import type { UploadRequest } from './store/upload-store.ts';
import { OCTETS } from './upload-server.ts';

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

declare global {
  namespace Express {
    interface Locals {
      /** Set by `draftUploads`: this request speaks the IETF draft. */
      draft?: DraftRequest;
      /** The upload in an answer, in its state after the request. */
      upload?: UploadSession;
    }
  }
}

/** Returns `Upload-Limit` (section "Limits"); before version 7, the end of an upload's life was called `expires`. */
const limitsOf = (maxBytes: number, { version }: DraftRequest, upload?: UploadSession): string => {
  const seconds = upload && Math.max(0, Math.floor((upload.expires_at.getTime() - Date.now()) / 1_000));
  const life = seconds === undefined ? '' : `, ${version < 7 ? 'expires' : 'max-age'}=${seconds}`;
  return `max-size=${maxBytes}${life}`;
};

const isComplete = ({ phase, offset, length }: UploadSession): boolean =>
  phase === 'complete' || (length !== undefined && offset === length);

const completeness = ({ version }: DraftRequest, complete: boolean): [name: string, value: string] =>
  version === 3 ? ['Upload-Incomplete', complete ? '?0' : '?1'] : ['Upload-Complete', complete ? '?1' : '?0'];

const translateAnswer = (response: Response, draft: DraftRequest, maxBytes: number): void => {
  const { upload } = response.locals;
  response.removeHeader('Tus-Resumable');
  response.setHeader('Upload-Draft-Interop-Version', String(draft.version));
  if (upload === undefined) return;
  response.setHeader(...completeness(draft, isComplete(upload)));
  if (draft.version >= 6) response.setHeader('Upload-Limit', limitsOf(maxBytes, draft, upload));
};

/**
 * Lets clients of the IETF draft "Resumable Uploads for HTTP" use the same URLs as tus clients: translates their requests to
 * tus 1.0.0, and the answers back. One upload may continue in either protocol.
 */
export const draftUploads =
  (maxBytes: number): RequestHandler =>
  (request, response, next) => {
    const draft = readDraftRequest(request.headers);
    if (draft === undefined) {
      // Lets a client find out the limits of an upload (section "Limits").
      if (request.method === 'OPTIONS') response.set('Upload-Limit', `max-size=${maxBytes}`);
      return next();
    }
    response.locals.draft = draft;
    const writeHead = response.writeHead;
    response.writeHead = ((status: number, ...rest: unknown[]) => {
      translateAnswer(response, draft, maxBytes);
      // An answer to HEAD has no content (section "Offset Retrieval").
      const isOffset = request.method === 'HEAD' && status === 200;
      return Reflect.apply(writeHead, response, [isOffset ? 204 : status, ...rest]);
    }) as Response['writeHead'];
    const isCreation = request.path === '/';
    request.headers = toTusHeaders(draft, request.headers, isCreation);
    // Any method with content starts or continues an upload.
    if (!isCreation && (request.method === 'POST' || request.method === 'PUT')) request.method = 'PATCH';
    next();
  };

/** Sends 104 with the upload's URL, so that a client can resume when the connection ends before the answer. */
export const announceUpload = (
  request: Request,
  response: Response,
  upload: UploadSession,
  { publicUrl, maxUploadBytes }: { publicUrl: string; maxUploadBytes: number },
): void => {
  const { draft } = response.locals;
  response.locals.upload = upload;
  // HTTP/1.0 knows no interim responses.
  if (draft === undefined || request.httpVersionMajor < 1 || request.httpVersion === '1.0') return;
  response.writeInformation(104, {
    Location: `${publicUrl}/v1/uploads/${upload.upload_id}`,
    'Upload-Draft-Interop-Version': String(draft.version),
    ...(draft.version < 6 ? {} : { 'Upload-Limit': limitsOf(maxUploadBytes, draft, upload) }),
  });
};

/** Shortest time between two interim responses about one request. */
const PROGRESS_MS = 1_000;

/** Returns what the upload engine needs to know of a draft request beyond tus. */
export const fromDraft = (
  request: Request,
  response: Response,
): Pick<UploadRequest, 'endsUpload' | 'onCommitted'> => {
  const { draft } = response.locals;
  if (draft === undefined) return {};
  const endsUpload = draft.isLast && draft.bodyLength === undefined;
  if (draft.version < 6 || request.httpVersion === '1.0') return { endsUpload };
  let sentAt = -Infinity;
  // Tells what is stored by now: a client whose connection breaks knows how much it need not send again.
  const onCommitted = (offset: number): void => {
    const now = performance.now();
    if (now - sentAt < PROGRESS_MS || response.headersSent || response.destroyed) return;
    sentAt = now;
    response.writeInformation(104, {
      'Upload-Draft-Interop-Version': String(draft.version),
      'Upload-Offset': String(offset),
    });
  };
  return { endsUpload, onCommitted };
};

/**
 * Compares an appending draft request with the upload, and passes a newly declared length to the protocol.
 *
 * @throws ProblemError `offset_mismatch`, with the right offset in a header; `tus_protocol` when lengths differ
 */
export const prepareAppend = (request: Request, response: Response, upload: UploadSession): void => {
  const { draft } = response.locals;
  if (draft === undefined) return;
  response.locals.upload = upload;
  if ((draft.offset ?? 0) !== upload.offset) {
    response.set('Upload-Offset', String(upload.offset));
    throw new ProblemError('offset_mismatch', { field: 'Upload-Offset' });
  }
  const told = toldLength(draft);
  if (upload.length === undefined) {
    if (told !== undefined) request.headers['upload-length'] = String(told);
  } else if (told !== undefined && told !== upload.length)
    throw new ProblemError('tus_protocol', {
      field: 'Upload-Length',
      detail: `The upload has ${upload.length} bytes, this request says ${told}.`,
    });
};
