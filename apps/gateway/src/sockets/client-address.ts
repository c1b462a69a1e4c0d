import type { IncomingHttpHeaders } from 'node:http';
import { networkOf } from '@claimcheck/platform/process/client-network';

/** The parts of a request that name its caller. */
export interface Caller {
  headers: IncomingHttpHeaders;
  socket: { remoteAddress?: string | undefined };
}

/**
 * Returns the address that limits count a request for. Each proxy in front adds its caller to the right end of
 * `X-Forwarded-For`; whatever stands left of the entries of our own proxies, the client may have written.
 *
 * @param trustedHops how many proxies in front do so; with 0 the header is ignored
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
