import type { RequestListener } from 'node:http';
import type { ClientAddress } from './sockets/client-address.ts';

/**
 * Answers plain requests on the public port: `GET /address` returns the address that it counts for the caller, and nothing
 * about other clients. `claimcheck doctor` uses it to check TRUSTED_PROXY_HOPS.
 */
export const answerRequests =
  (addressOf: ClientAddress): RequestListener =>
  (request, response) => {
    const [path] = request.url?.split('?') ?? [];
    if (request.method !== 'GET' || path !== '/address') {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      .end(JSON.stringify({ address: addressOf(request) }));
  };
