import type { MediaState } from '@claimcheck/contracts/media';

/** A file that somebody made to hurt, and what it must come to. */
export interface HostileFile {
  name: string;
  bytes: Buffer;
  /** What its sender says it is. */
  filetype: string;
  /** What its sender says its SHA-256 is, in hexadecimal. */
  sha256?: string;
  /** States that it may end in. */
  ends: readonly MediaState[];
  /** `failure_code`, where it fails for one reason only. */
  code?: string;
  scan?: 'clean' | 'infected' | 'unscannable';
}
