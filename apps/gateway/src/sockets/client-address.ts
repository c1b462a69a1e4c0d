import type { IncomingHttpHeaders } from 'node:http';
import { networkOf } from '@claimcheck/platform/process/client-network';

/** What is looked at of a request. */
export interface Caller {
  headers: IncomingHttpHeaders;
  socket: { remoteAddress?: string | undefined };
}

/**
 * Whom limits by address count a request for. Each proxy in front adds to `X-Forwarded-For` whom it was asked
 * by, at the right end; what stands left of what our own have added is whatever the client liked to write.
 *
 * @param trustedHops how many proxies in front do so; with 0 the header is not looked at
 */
export const createClientAddress =
  (trustedHops: number) =>
  ({ headers, socket }: Caller): string => {
    const header = trustedHops === 0 ? undefined : headers['x-forwarded-for'];
    const entry = header?.toString().split(',').at(-trustedHops)?.trim();
    // Who comes past the proxies, so that entries are missing, counts for himself.
    return networkOf(entry ?? '') ?? networkOf(socket.remoteAddress ?? '') ?? 'unknown';
  };

export type ClientAddress = ReturnType<typeof createClientAddress>;
