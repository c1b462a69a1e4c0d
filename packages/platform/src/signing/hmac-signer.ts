import { createHmac } from 'node:crypto';
import {
  cdnAddress,
  type DownloadSigner,
  type DownloadToSign,
  intendedEnd,
  type SignedDownload,
} from './download-signer.ts';

export interface HmacOptions {
  /** Base URL of the edge. */
  url: string;
  secret: string;
}

/**
 * Signs URLs for an operator's edge: `signature` is the HMAC-SHA256, in base64url, of the path and query before
 * `&signature=`, which include `expires` in seconds since 1970.
 */
export class HmacSigner implements DownloadSigner {
  readonly #options: HmacOptions;

  constructor(options: HmacOptions) {
    this.#options = options;
  }

  async sign(download: DownloadToSign): Promise<SignedDownload> {
    const url = cdnAddress(this.#options.url, download);
    const expires = Math.floor(intendedEnd(download) / 1_000);
    url.searchParams.set('expires', String(expires));
    const signature = createHmac('sha256', this.#options.secret)
      .update(`${url.pathname}${url.search}`)
      .digest('base64url');
    return { url: `${url.href}&signature=${signature}`, expires_at: expires * 1_000 };
  }
}
