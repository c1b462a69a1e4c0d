import { LIMITS } from '@claimcheck/contracts/limits';
import type { Payload } from './history.ts';
import type { Violation } from './violation.ts';

/** E: nothing binary, and nothing over 8 KiB, on sockets, on the broker, in the outbox. */
export const checkPayloads = (payloads: readonly Payload[]): Violation[] =>
  payloads.flatMap(({ where, what, bytes, isText }) => {
    const found: string[] = [];
    if (!isText) found.push(`${what} (${where}) is binary`);
    if (bytes > LIMITS.eventBytes) found.push(`${what} (${where}) has ${bytes} bytes`);
    return found.map((complaint): Violation => ({ invariant: 'E', what: complaint }));
  });
