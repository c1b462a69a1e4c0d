import type { MediaKind, MediaState } from '@claimcheck/contracts/media';

/** A file as a phone, a camera or a desktop sends it, and what members must receive. */
export interface CorpusFile {
  name: string;
  group: 'pictures' | 'animations' | 'films' | 'sound' | 'documents and other files' | 'damaged files';
  /** Declared by its sender; the content decides. */
  filetype: string;
  make: () => Promise<Buffer>;
  expected: {
    state: MediaState;
    kind: MediaKind;
    failure?: string;
    width?: number;
    height?: number;
    /** Milliseconds, within 150. */
    duration?: number;
    /** Mean of the thumbnail: red, green, blue; within 40. */
    colour?: readonly [number, number, number];
    /** Frames of `high`. */
    frames?: number;
    /** Whether `original` has sound. */
    hasSound?: boolean;
    pages?: number;
  };
}
