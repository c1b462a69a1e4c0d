import type { IncomingHttpHeaders } from 'node:http';
import { networkOf } from '@claimcheck/platform/process/client-network';

/** The parts of a request that identify its caller. */
export interface Caller {
  headers: IncomingHttpHeaders;
  socket: { remoteAddress?: string | undefined };
}

/**
 * Returns the address that limits count for a request. Each proxy in front adds its caller to the right end of
 * `X-Forwarded-For`; entries left of those from our own proxies may come from the client.
 *
 * @param trustedHops the number of such proxies; with 0 the header is ignored
 */
export const createClientAddress =
  (trustedHops: number) =>
  ({ headers, socket }: Caller): string => {
    const header = trustedHops === 0 ? undefined : headers['x-forwarded-for'];
    const entry = header?.toString().split(',').at(-trustedHops)?.trim();
    // A client that bypasses the proxies, so that entries are missing, counts by its own address.
    return networkOf(entry ?? '') ?? networkOf(socket.remoteAddress ?? '') ?? 'unknown';
  };

export type ClientAddress = ReturnType<typeof createClientAddress>;
