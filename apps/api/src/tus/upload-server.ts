import type { Logger } from '@claimcheck/platform/process/logger';
import { Server } from '@tus/server';
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express';
import { ProblemError } from '../problem-error.ts';
import { sendProblem } from '../request/problem-response.ts';
import { toTusProblem } from './store/tus-error.ts';
import type { UploadLocker } from './store/upload-locker.ts';
import type { UploadRequest, UploadRequests } from './store/upload-request.ts';
import type { UploadStore } from './store/upload-store.ts';
import { isOctets } from './tus-headers.ts';

/**
 * Speaks tus with @tus/server; the routes before it decide access. It receives requests without their bodies, which the store
 * reads itself.
 */
export class UploadServer {
  readonly #server: Server;
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
      generateUrl: (_request, { id }) =>
        `${options.publicUrl}/v1/uploads/${options.requests.get(id).session.upload_id}`,
    });
  }

  /** Answers one request about an upload; errors of the protocol become problem documents. */
  async handle(request: ExpressRequest, response: ExpressResponse, about: UploadRequest): Promise<void> {
    const answer = await this.#requests.during(about, (key) =>
      this.#server.handleWeb(toWebRequest(request, key)),
    );
    const { session } = about;
    if (answer.status >= 400) {
      if (answer.status === 412) response.set('Tus-Version', '1.0.0');
      sendProblem(response, toTusProblem(answer.status, await answer.text(), this.#logger));
      return;
    }
    for (const [name, value] of answer.headers)
      if (!name.startsWith('access-control-') && name !== 'content-type') response.set(name, value);
    if (session.phase === 'open') response.set('Upload-Expires', session.expires_at.toUTCString());
    // As the client sent it (tus 1.0.0, HEAD).
    if (request.method === 'HEAD' && session.metadata !== undefined)
      response.set('Upload-Metadata', session.metadata);
    if (session.concat !== undefined) response.set('Upload-Concat', session.concat);
    response.locals.upload = session;
    response.status(answer.status).end();
  }
}

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
  if (isOctets(request.headers['content-type']))
    headers.set('content-type', 'application/offset+octet-stream');
  return new Request(`http://upload/v1/uploads/${key}`, { method: request.method, headers });
};
