import type { Media } from '../wire/media.ts';

/** Texts for media that cannot be shown. Replace them for other languages or other words. */
export interface MediaLabels {
  processing: string;
  failed: string;
  blocked: string;
  expired: string;
  deleted: string;
  unloadable: string;
  /** Shown with a file whose preview could not be made. */
  degraded: string;
  /** Shown with a file that is withheld until its verdict. */
  scanning: string;
  /** Label of the button that enlarges a picture. */
  open: string;
}

export const DEFAULT_LABELS: MediaLabels = {
  processing: 'Being prepared',
  failed: 'Could not be processed',
  blocked: 'Blocked: the virus scanner objected to it',
  expired: 'No longer kept',
  deleted: 'Deleted',
  unloadable: 'Could not be loaded',
  degraded: 'No preview of this file',
  scanning: 'Waiting for the virus scanner',
  open: 'View',
};

/** Returns the reason why the media object can never be shown; undefined while it may be. */
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

/** Returns what to say about a file besides its name and size. */
export const stateOf = (
  media: Pick<Media, 'state' | 'scan_state'>,
  labels: MediaLabels,
): string | undefined => {
  const end = endOf(media, labels);
  if (end !== undefined) return end;
  if (media.state === 'degraded') return labels.degraded;
  if (media.state !== 'processing') return undefined;
  return media.scan_state === 'pending' ? labels.scanning : labels.processing;
};
