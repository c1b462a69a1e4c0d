import type { Storage } from '../s3/storage.ts';
import {
  type DownloadSigner,
  type DownloadToSign,
  intendedEnd,
  type SignedDownload,
} from './download-signer.ts';

/** Presigns URLs of the store itself (SigV4 in the query). */
export class S3Signer implements DownloadSigner {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async sign(download: DownloadToSign): Promise<SignedDownload> {
    // A URL expires with the credentials that signed it, whatever its own expiry.
    const end = Math.min(intendedEnd(download), (await this.#storage.credentialsExpireAt()) ?? Infinity);
    const { key, bucket, ...options } = download;
    const storage = this.#storage.in(bucket ?? this.#storage.bucket) ?? this.#storage;
    const seconds = Math.max(1, Math.floor((end - download.signed_at.getTime()) / 1_000));
    return { url: await storage.signedUrl(key, { ...options, seconds }), expires_at: end };
  }
}
