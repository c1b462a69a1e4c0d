import type { MediaState } from '@claimcheck/contracts/media';

/** A file made to do harm, and its required outcome. */
export interface HostileFile {
  name: string;
  bytes: Buffer;
  /** The type that its sender declares. */
  filetype: string;
  /** The SHA-256 that its sender declares, in hexadecimal. */
  sha256?: string;
  /** States in which it may end. */
  ends: readonly MediaState[];
  /** `failure_code`, if it can fail for only one reason. */
  code?: string;
  scan?: 'clean' | 'infected' | 'unscannable';
}
