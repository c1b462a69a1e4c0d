import type { KeysOf } from '../check-arguments.ts';
import type { UploadProtocol } from '../wire/upload.ts';

export interface UploadSettings {
  /** Concurrent uploads; default 3. */
  concurrency: number;
  /** Ways to send bytes that the client may use; the server chooses one by the size. Default: all. */
  protocols: UploadProtocol[];
  /** Largest file whose bytes the store keeps, so that the user need not choose it again after a reload; 64 MiB. */
  keepBytesUpTo: number;
  /** Largest file that is hashed before it is sent, so that bytes the server already has need not be sent. */
  hashUpTo: number;
  /** Attempts in a row without progress before an upload fails. Time without a network does not count. Default 20. */
  maxFailuresInARow: number;
  /** Whether the SDK computes size and blur of pictures and videos, where the platform can. */
  describe: boolean;
  /** `stripLocation` of uploads that do not set it; default `'if-possible'`. */
  stripLocation: boolean | 'if-possible';
}

export const UPLOAD_SETTINGS: KeysOf<UploadSettings> = {
  concurrency: true,
  protocols: true,
  keepBytesUpTo: true,
  hashUpTo: true,
  maxFailuresInARow: true,
  describe: true,
  stripLocation: true,
};

const MIB = 1024 ** 2;

export const DEFAULT_UPLOAD_SETTINGS: UploadSettings = {
  concurrency: 3,
  protocols: ['put', 'multipart', 'tus'],
  keepBytesUpTo: 64 * MIB,
  // Hashing that takes one core of a small server 0.1 s, and a phone perhaps 0.3 s.
  hashUpTo: 16 * MIB,
  maxFailuresInARow: 20,
  describe: true,
  stripLocation: 'if-possible',
};
