import type { KeysOf } from '../check-arguments.ts';
import type { UploadProtocol } from '../wire/upload.ts';

export interface UploadSettings {
  /** Concurrent uploads; 3. */
  concurrency: number;
  /** Ways that may be used; the server chooses one by the size. All of them. */
  protocols: UploadProtocol[];
  /** Largest file whose bytes are kept in the store, so that it need not be chosen again after a reload; 64 MiB. */
  keepBytesUpTo: number;
  /** Files up to so many bytes are hashed before they are sent, so that what is there already is not sent again. */
  hashUpTo: number;
  /** Attempts in a row without a byte before an upload fails; time without a network is not counted. 20. */
  maxFailuresInARow: number;
  /** Whether size and blur of pictures and videos are computed, where the platform can. */
  describe: boolean;
  /** `stripLocation` of uploads that do not set it; `'if-possible'`. */
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
  // A tenth of a second of one core of a small server, so perhaps a third of a phone's.
  hashUpTo: 16 * MIB,
  maxFailuresInARow: 20,
  describe: true,
  stripLocation: 'if-possible',
};
