import type { MediaRow } from './media-row.ts';
import type { MediaSettings } from './media-settings.ts';

/** Whether the verdict lets members have more than the thumbnail. */
export const isDeliverable = (
  settings: Pick<MediaSettings, 'scanPolicy'>,
  scanState: MediaRow['scan_state'],
): boolean => {
  if (scanState === 'infected') return false;
  return scanState !== 'pending' || settings.scanPolicy !== 'gate';
};
