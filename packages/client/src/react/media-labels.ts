import type { Media } from '../wire/media.ts';

/** What is said where there is nothing to show; for other languages, or other words. */
export interface MediaLabels {
  processing: string;
  failed: string;
  blocked: string;
  expired: string;
  deleted: string;
  unloadable: string;
}

export const DEFAULT_LABELS: MediaLabels = {
  processing: 'Being prepared',
  failed: 'Could not be processed',
  blocked: 'Blocked: the virus scanner objected to it',
  expired: 'No longer kept',
  deleted: 'Deleted',
  unloadable: 'Could not be loaded',
};

/** Why there is nothing to show, for good; undefined while there may be. */
export const endOf = ({ state }: Pick<Media, 'state'>, labels: MediaLabels): string | undefined => {
  switch (state) {
    case 'failed':
      return labels.failed;
    case 'blocked':
      return labels.blocked;
    case 'expired':
      return labels.expired;
    case 'deleted':
      return labels.deleted;
    default:
      return undefined;
  }
};
