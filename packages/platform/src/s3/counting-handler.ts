import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';

/** As stores bill them: LIST is a GET that costs as much as a PUT. */
export const STORAGE_OPERATIONS = ['GET', 'HEAD', 'LIST', 'PUT', 'POST', 'DELETE', 'other'] as const;
export type StorageOperation = (typeof STORAGE_OPERATIONS)[number];
export type OnStorageRequest = (operation: StorageOperation) => void;

const operationOf = (method: string, query: Record<string, unknown> | undefined): StorageOperation => {
  if (method === 'GET' && (query?.['list-type'] !== undefined || query?.uploads !== undefined)) return 'LIST';
  return STORAGE_OPERATIONS.find((known) => known === method) ?? 'other';
};

/** Sends requests and tells of each, repetitions too: those are paid for as well. */
export class CountingHandler extends NodeHttpHandler {
  readonly #onRequest: OnStorageRequest;

  constructor(onRequest: OnStorageRequest, options: NodeHttpHandlerOptions) {
    super(options);
    this.#onRequest = onRequest;
  }

  override handle(
    ...[request, options]: Parameters<NodeHttpHandler['handle']>
  ): ReturnType<NodeHttpHandler['handle']> {
    this.#onRequest(operationOf(request.method, request.query));
    return super.handle(request, options);
  }
}
