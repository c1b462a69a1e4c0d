import type { Media } from '@claimcheck/client';

/** Returns whether the file itself may be requested; earlier, the service would refuse. */
export const isDeliverable = ({ state }: Pick<Media, 'state'>): boolean =>
  state === 'ready' || state === 'degraded' || state === 'expiring';
