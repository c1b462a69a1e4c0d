import type { MediaState } from '@claimcheck/contracts/media';

const DEAD_ENDS: readonly MediaState[] = ['blocked', 'deleted'];

/** The lifecycle as a table: each state with its possible successors. Tombstones have none. */
export const TRANSITIONS: Readonly<Record<MediaState, readonly MediaState[]>> = {
  pending: ['uploading', 'expired', ...DEAD_ENDS],
  uploading: ['processing', 'failed', 'expired', ...DEAD_ENDS],
  processing: ['ready', 'degraded', 'failed', ...DEAD_ENDS],
  ready: ['expiring', ...DEAD_ENDS],
  degraded: ['ready', 'processing', 'expiring', ...DEAD_ENDS],
  failed: ['processing', 'expiring', ...DEAD_ENDS],
  expiring: ['ready', 'degraded', 'failed', 'expired', ...DEAD_ENDS],
  blocked: [],
  expired: [],
  deleted: [],
};

export const mayBecome = (from: MediaState, to: MediaState): boolean =>
  from === to || TRANSITIONS[from].includes(to);
