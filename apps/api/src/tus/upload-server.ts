import { sourceKey } from '@claimcheck/contracts/object-keys';
import type { Logger } from '@claimcheck/platform/process/logger';
import { Server } from '@tus/server';
import type { Response as ExpressResponse, Request } from 'express';
import { ProblemError } from '../problem-error.ts';
import { sendProblem } from '../request/problem-response.ts';
import type { UploadLocker } from './store/upload-locker.ts';
import { runInScope, type UploadScope } from './store/upload-scope.ts';
import type { UploadStore } from './store/upload-store.ts';
import { toTusProblem } from './tus-problem.ts';

/**
 * Speaks tus with @tus/server; who may do what is decided in front of it, by the routes. It gets requests
 * without their bodies: the store reads those itself.
 */
export class UploadServer {
  readonly #server: Server;
  readonly #logger: Logger;

  constructor(options: {
    store: UploadStore;
    locker: UploadLocker;
    publicUrl: string;
    maxBytes: number;
    logger: Logger;
  }) {
    this.#logger = options.logger;
    this.#server = new Server({
      path: '/v1/uploads',
      datastore: options.store,
      locker: options.locker,
      maxSize: options.maxBytes,
      // The upload's id is the media object's; in the bucket it is a prefix.
      namingFunction: (request) => sourceKey(new URL(request.url).pathname.split('/').at(-1) ?? ''),
      getFileIdFromRequest: (_request, lastPath) =>
        lastPath === undefined ? undefined : sourceKey(lastPath),
      // What is refused behind the protocol keeps its code; TusError is of that kind already.
      onResponseError: (_request, error) =>
        error instanceof ProblemError
          ? { status_code: error.problem.status, body: error.problem.code }
          : undefined,
      generateUrl: (_request, { id }) => `${options.publicUrl}/v1/uploads/${id.slice(0, id.indexOf('/'))}`,
    });
  }

  /** One request about `scope.session`; errors of the protocol leave as problem documents. */
  async handle(request: Request, response: ExpressResponse, scope: UploadScope): Promise<void> {
    const answer = await runInScope(scope, () => this.#server.handleWeb(toWebRequest(request, scope)));
    const { session } = scope;
    // What is left of a body that was not read to its end is not read any more.
    if (!request.complete) response.set('Connection', 'close');
    if (answer.status >= 400) {
      response.set('Tus-Resumable', '1.0.0');
      if (answer.status === 412) response.set('Tus-Version', '1.0.0');
      sendProblem(response, toTusProblem(answer.status, await answer.text(), this.#logger));
      return;
    }
    for (const [name, value] of answer.headers)
      if (!name.startsWith('access-control-') && name !== 'content-type') response.set(name, value);
    if (session.phase === 'open') response.set('Upload-Expires', session.expires_at.toUTCString());
    if (session.concat !== undefined) response.set('Upload-Concat', session.concat);
    response.status(answer.status).end();
  }
}

/** What the protocol has headers for; what proxies add is for others, and it refuses what it does not expect. */
const OF_THE_PROTOCOL = /^(tus-|upload-(?!concat$)|content-)/;

/** Without a body, and with the upload's id as the last segment also for a creation. */
const toWebRequest = (request: Request, scope: UploadScope) => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && OF_THE_PROTOCOL.test(name)) headers.set(name, value);
  const url = `http://upload/v1/uploads/${scope.session.upload_id}`;
  return new Request(url, { method: request.method, headers }) as never;
};
