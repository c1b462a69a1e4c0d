import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';

/** Returns the processing attempt of a request. Without an epoch, it is the current attempt. */
export const epochOf = (request: OptimizeRequest): number => request.epoch ?? 1;
