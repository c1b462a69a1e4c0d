import type { Subjects } from '@claimcheck/contracts/subjects';
import type { UsageLimits } from './usage-limits.ts';

/** Settings that the rules of the lifecycle depend on; durations in milliseconds, sizes in bytes. */
export interface DomainConfig extends UsageLimits {
  subjects: Subjects;
  /** Our own origin, without a slash at its end: the base of every URL that leaves us. */
  publicUrl: string;
  bucket: string;
  /** Facts that hosts get on the broker: each change of a media object, those of its state, or none. */
  facts: 'changes' | 'states' | 'off';
  scanPolicy: 'gate' | 'deliver' | 'off';
  scanUnscannable: 'deliver-large' | 'deliver' | 'block';
  sourceAccess: 'members' | 'owner';
  /** Age at which a placeholder is checked, and then again and again, up to `readyDeadlineMaxMs`. */
  readyDeadlineMs: number;
  readyDeadlineMaxMs: number;
  /** Epochs that the sweeper begins by itself. */
  maxAttempts: number;
  uploadTtlMs: number;
  /** Unreferenced media objects are `expiring` after `orphanTtlMs`, and gone after `orphanGraceMs` more. */
  orphanTtlMs: number;
  orphanGraceMs: number;
  /** Longer than any job runs and any upload ticket lives: no process writes below a dead prefix after it. */
  sweepAgainMs: number;
}
