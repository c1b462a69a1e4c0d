import type { Subjects } from '@claimcheck/contracts/subjects';
import type { UsageLimits } from './user-usage.ts';

/** What the rules of the lifecycle depend on; durations in milliseconds, sizes in bytes. */
export interface MediaSettings extends UsageLimits {
  subjects: Subjects;
  /** Our own origin, without a slash at its end: the base of every URL that leaves us. */
  publicUrl: string;
  bucket: string;
  scanPolicy: 'gate' | 'deliver' | 'off';
  scanUnscannable: 'deliver-large' | 'deliver' | 'block';
  sourceAccess: 'members' | 'owner';
  readyDeadlineMs: number;
  uploadTtlMs: number;
  orphanTtlMs: number;
}
