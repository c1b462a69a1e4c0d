import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';

/** As stores bill them: LIST is a GET that costs as much as a PUT. */
export const STORAGE_OPERATIONS = ['GET', 'HEAD', 'LIST', 'PUT', 'POST', 'DELETE', 'other'] as const;
export type StorageOperation = (typeof STORAGE_OPERATIONS)[number];
export type OnStorageRequest = (operation: StorageOperation) => void;

type HandlerOptions = NonNullable<Parameters<NodeHttpHandler['handle']>[1]>;

/** What one request may ask of the connection; passed to `client.send` as its options. */
export interface RequestOptions extends HandlerOptions {
  /** `downloads`: viewers that read slowly hold their connections, and no other request waits for one. */
  pool?: 'downloads';
}

const operationOf = (method: string, query: Record<string, unknown> | undefined): StorageOperation => {
  if (method === 'GET' && (query?.['list-type'] !== undefined || query?.uploads !== undefined)) return 'LIST';
  return STORAGE_OPERATIONS.find((known) => known === method) ?? 'other';
};

/** Sends requests over one of two pools of connections. Reports each one, repetitions too: stores bill them. */
export class RequestHandler extends NodeHttpHandler {
  readonly #onRequest: OnStorageRequest;
  readonly #downloads: NodeHttpHandler;

  constructor(
    onRequest: OnStorageRequest,
    options: NodeHttpHandlerOptions,
    downloads: NodeHttpHandlerOptions = options,
  ) {
    super(options);
    this.#onRequest = onRequest;
    this.#downloads = new NodeHttpHandler(downloads);
  }

  override handle(
    request: Parameters<NodeHttpHandler['handle']>[0],
    options: RequestOptions = {},
  ): ReturnType<NodeHttpHandler['handle']> {
    this.#onRequest(operationOf(request.method, request.query));
    return options.pool === 'downloads'
      ? this.#downloads.handle(request, options)
      : super.handle(request, options);
  }

  override destroy(): void {
    super.destroy();
    this.#downloads.destroy();
  }
}
