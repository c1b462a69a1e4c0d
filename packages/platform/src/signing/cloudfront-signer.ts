import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import {
  cdnAddress,
  type DownloadSigner,
  type DownloadToSign,
  intendedEnd,
  type SignedDownload,
} from './download-signer.ts';

export interface CloudFrontOptions {
  /** Base URL of the distribution. */
  url: string;
  /** Id of the public key in the distribution's trusted key group. */
  keyId: string;
  /** RSA private key as PEM. */
  privateKey: string;
}

/** CloudFront's base64, which needs no escaping in a URL. */
const urlSafe = (bytes: Buffer): string =>
  bytes.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~');

/**
 * Signs URLs with a canned policy, as CloudFront and compatible CDNs check them: RSA with SHA-1 over the policy. The
 * distribution reads the bucket with its own identity and forwards the `response-*` parameters.
 */
export class CloudFrontSigner implements DownloadSigner {
  readonly #options: CloudFrontOptions;
  readonly #key: KeyObject;

  /** @throws Error when the key is not a private key */
  constructor(options: CloudFrontOptions) {
    this.#options = options;
    this.#key = createPrivateKey(options.privateKey);
  }

  async sign(download: DownloadToSign): Promise<SignedDownload> {
    const url = cdnAddress(this.#options.url, download);
    const expires = Math.floor(intendedEnd(download) / 1_000);
    const policy = JSON.stringify({
      Statement: [{ Resource: url.href, Condition: { DateLessThan: { 'AWS:EpochTime': expires } } }],
    });
    url.searchParams.set('Expires', String(expires));
    url.searchParams.set('Signature', urlSafe(sign('RSA-SHA1', Buffer.from(policy), this.#key)));
    url.searchParams.set('Key-Pair-Id', this.#options.keyId);
    return { url: url.href, expires_at: expires * 1_000 };
  }
}
