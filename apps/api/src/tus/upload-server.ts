import type { Logger } from '@claimcheck/platform/process/logger';
import { Server } from '@tus/server';
import type { Request as ExpressRequest, RequestHandler, Response } from 'express';
import type { UploadSession } from '../media/uploads/upload-session.ts';
import { ProblemError } from '../problem-error.ts';
import { sendProblem } from '../request/problem-response.ts';
import { ExpectedChecksum } from './store/checksum.ts';
import { toTusProblem, toUploadProblem } from './store/tus-error.ts';
import type { UploadLocker } from './store/upload-locker.ts';
import type { UploadRequest, UploadRequests, UploadStore } from './store/upload-store.ts';

/** Media type of an upload's bytes (tus 1.0.0, section "PATCH"). */
export const OCTETS = 'application/offset+octet-stream';

/** Returns whether a body is bytes of an upload; parameters of the media type do not matter (RFC 9110, 8.3.1). */
export const isOctets = (contentType: string | undefined): boolean =>
  contentType?.split(';')[0]?.trim().toLowerCase() === OCTETS;

/**
 * Sets the headers that tus 1.0.0 requires in every answer, including answers given before the protocol's server:
 * `Tus-Resumable` (section "Tus-Resumable"), and no cached HEAD (section "HEAD").
 */
export const tusHeaders: RequestHandler = (request, response, next) => {
  response.set('Tus-Resumable', '1.0.0');
  if (request.get('tus-resumable') !== '1.0.0') response.set('Tus-Version', '1.0.0');
  if (request.method === 'HEAD') response.set('Cache-Control', 'no-store');
  next();
};

/** @throws ProblemError `unsupported_media_type` (section "PATCH") */
export const assertOctets = (contentType: string | undefined): void => {
  if (!isOctets(contentType))
    throw new ProblemError('unsupported_media_type', { field: 'Content-Type', detail: `Send ${OCTETS}.` });
};

/** @throws ProblemError `tus_protocol` (section "Checksum") */
export const checksumOf = (request: ExpressRequest): ExpectedChecksum | undefined => {
  const header = request.get('upload-checksum');
  return header === undefined ? undefined : ExpectedChecksum.parse(header);
};

/** @throws ProblemError `tus_version` (tus 1.0.0, Tus-Resumable) */
export const assertTusVersion = (request: ExpressRequest): void => {
  if (request.get('tus-resumable') !== '1.0.0') throw new ProblemError('tus_version');
};

/** @throws ProblemError `tus_protocol` for a header that is not a number of bytes */
const bytesIn = (request: ExpressRequest, field: 'Upload-Offset' | 'Upload-Length'): number | undefined => {
  const value = request.get(field);
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new ProblemError('tus_protocol', { field });
  return Number(value);
};

/**
 * Speaks tus; the routes before it decide access. Bytes take {@link append} or {@link createWith}, the short way. HEAD and a
 * POST without bytes are answered by @tus/server.
 */
export class UploadServer {
  readonly #server: Server;
  readonly #store: UploadStore;
  readonly #locker: UploadLocker;
  readonly #publicUrl: string;
  readonly #maxBytes: number;
  readonly #logger: Logger;
  readonly #requests: UploadRequests;

  constructor(options: {
    store: UploadStore;
    locker: UploadLocker;
    requests: UploadRequests;
    publicUrl: string;
    maxBytes: number;
    logger: Logger;
  }) {
    this.#store = options.store;
    this.#locker = options.locker;
    this.#publicUrl = options.publicUrl;
    this.#maxBytes = options.maxBytes;
    this.#logger = options.logger;
    this.#requests = options.requests;
    this.#server = new Server({
      path: '/v1/uploads',
      datastore: options.store,
      locker: options.locker,
      maxSize: options.maxBytes,
      // The ids that it passes to locker and store are those of requests.
      namingFunction: (request) => keyOf(request.url),
      getFileIdFromRequest: (_request, key) => key,
      // A refusal from inside the protocol keeps its code; a TusError already has that form.
      onResponseError: (_request, error) =>
        error instanceof ProblemError
          ? { status_code: error.problem.status, body: error.problem.code }
          : undefined,
      generateUrl: (_request, { id }) => this.#urlOf(options.requests.get(id).session),
    });
  }

  #urlOf({ upload_id }: UploadSession): string {
    return `${this.#publicUrl}/v1/uploads/${upload_id}`;
  }

  /** Answers POST with bytes (tus 1.0.0, section "Creation With Upload"): stores them in the upload that the route has created. */
  async createWith(request: ExpressRequest, response: Response, about: UploadRequest): Promise<void> {
    try {
      await this.#locker.lock(about);
      try {
        const offset = await this.#storeBody(request, about, 0);
        response.set({ 'Upload-Offset': String(offset), Location: this.#urlOf(about.session) });
      } finally {
        await this.#locker.unlock(about);
      }
      sendUpload(response, about.session, 201);
    } catch (error) {
      sendProblem(response, toUploadProblem(error, this.#logger));
    }
  }

  /** Answers PATCH (tus 1.0.0, section "PATCH"): stores the body's bytes at the offset, and releases the lease. */
  async append(request: ExpressRequest, response: Response, about: UploadRequest): Promise<void> {
    try {
      response.set('Upload-Offset', String(await this.#append(request, about)));
      sendUpload(response, about.session, 204);
    } catch (error) {
      sendProblem(response, toUploadProblem(error, this.#logger));
    }
  }

  async #append(request: ExpressRequest, about: UploadRequest): Promise<number> {
    const offset = bytesIn(request, 'Upload-Offset');
    if (offset === undefined) throw new ProblemError('tus_protocol', { field: 'Upload-Offset', status: 403 });
    const length = bytesIn(request, 'Upload-Length');
    await this.#locker.lock(about);
    try {
      await this.#store.finishAbandoned(about);
      if (about.session.offset !== offset)
        throw new ProblemError('offset_mismatch', { field: 'Upload-Offset' });
      if (length !== undefined) await this.#declareLength(about, length);
      return await this.#storeBody(request, about, offset);
    } finally {
      await this.#locker.unlock(about);
    }
  }

  /** Stores the body's bytes under the lease. @returns the offset after them */
  async #storeBody(request: ExpressRequest, about: UploadRequest, offset: number): Promise<number> {
    const bound = about.session.length ?? this.#maxBytes;
    if (offset + Number(request.get('content-length') ?? 0) > bound) throw new ProblemError('too_large');
    return this.#store.append(about);
  }

  /** Sets the length that the creation deferred (section "Upload-Defer-Length"). */
  async #declareLength(about: UploadRequest, length: number): Promise<void> {
    const { session } = about;
    if (session.length !== undefined || length < session.offset)
      throw new ProblemError('tus_protocol', { field: 'Upload-Length' });
    if (length > this.#maxBytes) throw new ProblemError('too_large');
    await this.#store.declareLength(about, length);
  }

  /** Answers HEAD or POST; errors of the protocol become problem documents. */
  async handle(request: ExpressRequest, response: Response, about: UploadRequest): Promise<void> {
    const answer = await this.#requests.during(about, (key) =>
      this.#server.handleWeb(toWebRequest(request, key)),
    );
    if (answer.status >= 400) {
      if (answer.status === 412) response.set('Tus-Version', '1.0.0');
      sendProblem(response, toTusProblem(answer.status, await answer.text(), this.#logger));
      return;
    }
    for (const [name, value] of answer.headers)
      if (!name.startsWith('access-control-') && name !== 'content-type') response.set(name, value);
    // As the client sent it (tus 1.0.0, HEAD).
    if (request.method === 'HEAD' && about.session.metadata !== undefined)
      response.set('Upload-Metadata', about.session.metadata);
    sendUpload(response, about.session, answer.status);
  }
}

/** Sends an answer without content, with what it says of the upload in every method. */
const sendUpload = (response: Response, session: UploadSession, status: number): void => {
  if (session.phase === 'open') response.set('Upload-Expires', session.expires_at.toUTCString());
  if (session.concat !== undefined) response.set('Upload-Concat', session.concat);
  response.locals.upload = session;
  response.status(status).end();
};

type WebRequest = Parameters<Server['handleWeb']>[0];

/** Headers of the protocol. It refuses unexpected headers, such as those that proxies add. */
const OF_THE_PROTOCOL = /^(tus-|upload-(?!concat$|metadata$)|content-)/;

const keyOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** Builds the request without a body, and with the request's key as the last segment, even for a creation. */
const toWebRequest = (request: ExpressRequest, key: string): WebRequest => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && OF_THE_PROTOCOL.test(name)) headers.set(name, value);
  // The protocol's server accepts no parameters of a media type.
  if (isOctets(request.headers['content-type'])) headers.set('content-type', OCTETS);
  return new Request(`http://upload/v1/uploads/${key}`, { method: request.method, headers });
};
