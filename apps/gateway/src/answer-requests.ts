import type { RequestListener } from 'node:http';
import type { ClientAddress } from './sockets/client-address.ts';

/**
 * What the public port answers beside WebSockets: `GET /address` tells its caller the address that it counts
 * for, and nothing of anybody else. `claimcheck doctor` sees by it whether TRUSTED_PROXY_HOPS is right.
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
