import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';

/** The processing attempt that a request belongs to. One without an epoch is for the current attempt. */
export const epochOf = (request: OptimizeRequest): number => request.epoch ?? 1;
