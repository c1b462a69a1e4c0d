import type { OptimizeRequest } from '@claimcheck/contracts/broker-events';

/** Asks for a verdict alone. Any other `only` is of a later release: everything is done, which includes it. */
export const isRescan = ({ only }: OptimizeRequest): boolean => only === 'scan';
