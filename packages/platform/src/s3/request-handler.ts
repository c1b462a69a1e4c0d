import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';

/** Classes by which stores bill: LIST is a GET that costs as much as a PUT. */
export const STORAGE_OPERATIONS = ['GET', 'HEAD', 'LIST', 'PUT', 'POST', 'DELETE', 'other'] as const;
export type StorageOperation = (typeof STORAGE_OPERATIONS)[number];
export type OnStorageRequest = (operation: StorageOperation) => void;

type HandlerOptions = NonNullable<Parameters<NodeHttpHandler['handle']>[1]>;

/** Options of one request for the connection; passed to `client.send`. */
export interface RequestOptions extends HandlerOptions {
  /**
   * `downloads`: viewers that read slowly hold their connections, and no other request waits for one. `completions`: may take
   * minutes without a byte, and are never repeated after an error of the connection.
   */
  pool?: 'downloads' | 'completions';
}

/** Stores assemble large objects for minutes. */
export const COMPLETE_TIMEOUT_MS = 300_000;

/**
 * An error that the SDK does not repeat: whether the request was carried out is unknown. Its reason is in words,
 * since the SDK repeats a request also for what a `cause` says.
 */
class UnknownOutcomeError extends Error {
  constructor(reason: unknown) {
    super(`the storage did not answer: ${reason instanceof Error ? reason.message : 'unknown'}`);
    this.name = 'UnknownOutcomeError';
  }
}

const operationOf = (method: string, query: Record<string, unknown> | undefined): StorageOperation => {
  if (method === 'GET' && (query?.['list-type'] !== undefined || query?.uploads !== undefined)) return 'LIST';
  return STORAGE_OPERATIONS.find((known) => known === method) ?? 'other';
};

/** Sends requests over one of two pools of connections. Reports each one, repetitions too, because stores bill them. */
export class RequestHandler extends NodeHttpHandler {
  readonly #onRequest: OnStorageRequest;
  readonly #downloads: NodeHttpHandler;
  readonly #completions: NodeHttpHandler;

  constructor(
    onRequest: OnStorageRequest,
    options: NodeHttpHandlerOptions,
    downloads: NodeHttpHandlerOptions = options,
  ) {
    super(options);
    this.#onRequest = onRequest;
    this.#downloads = new NodeHttpHandler(downloads);
    this.#completions = new NodeHttpHandler({ ...options, socketTimeout: COMPLETE_TIMEOUT_MS });
  }

  override handle(
    request: Parameters<NodeHttpHandler['handle']>[0],
    options: RequestOptions = {},
  ): ReturnType<NodeHttpHandler['handle']> {
    this.#onRequest(operationOf(request.method, request.query));
    if (options.pool === 'downloads') return this.#downloads.handle(request, options);
    if (options.pool === undefined) return super.handle(request, options);
    return this.#completions.handle(request, options).catch((error: unknown) => {
      throw new UnknownOutcomeError(error);
    });
  }

  override destroy(): void {
    super.destroy();
    this.#downloads.destroy();
    this.#completions.destroy();
  }
}
