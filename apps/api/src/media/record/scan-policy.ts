import type { DomainConfig } from './domain-config.ts';
import type { MediaRow } from './media-row.ts';

/** Returns whether the verdict lets members have more than the thumbnail. */
export const isDeliverable = (
  settings: Pick<DomainConfig, 'scanPolicy'>,
  scanState: MediaRow['scan_state'],
): boolean => {
  if (scanState === 'infected') return false;
  return scanState !== 'pending' || settings.scanPolicy !== 'gate';
};
