import type { Subjects } from '@claimcheck/contracts/subjects';
import type { UsageLimits } from './usage-limits.ts';

/** Settings that the rules of the lifecycle depend on; durations in milliseconds, sizes in bytes. */
export interface DomainConfig extends UsageLimits {
  subjects: Subjects;
  /** Our own origin, without a trailing slash: the base of every URL that we send. */
  publicUrl: string;
  bucket: string;
  /** Facts for hosts on the broker: each change of a media object, only changes of its state, or none. */
  facts: 'changes' | 'states' | 'off';
  scanPolicy: 'gate' | 'deliver' | 'off';
  scanUnscannable: 'deliver-large' | 'deliver' | 'block';
  sourceAccess: 'members' | 'owner';
  /** Age at which a placeholder is first checked; it is then checked repeatedly, up to `readyDeadlineMaxMs`. */
  readyDeadlineMs: number;
  readyDeadlineMaxMs: number;
  /** Number of epochs that the sweeper starts by itself. */
  maxAttempts: number;
  uploadTtlMs: number;
  /** Unreferenced media objects are `expiring` after `orphanTtlMs`, and removed `orphanGraceMs` later. */
  orphanTtlMs: number;
  orphanGraceMs: number;
  /** Longer than any job and any upload ticket: afterwards no process writes below a dead prefix. */
  sweepAgainMs: number;
}
