import type { Media } from '@claimcheck/client';

/** Whether the file itself can be asked for; before, the answer would only be a refusal. */
export const isDeliverable = ({ state }: Media): boolean =>
  state === 'ready' || state === 'degraded' || state === 'expiring';
