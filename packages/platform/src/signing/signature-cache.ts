import type { DownloadSigner, DownloadToSign, SignedDownload } from './download-signer.ts';

/** About 1 KiB each. */
const MAX_SIGNATURES = 5_000;

/**
 * Caches signatures of the current step of the clock. Within it all viewers of an object get the same URL, and a signature
 * costs more than the rest of such a request.
 */
export class SignatureCache implements DownloadSigner {
  readonly #signer: DownloadSigner;
  readonly #signed = new Map<string, Promise<SignedDownload>>();

  constructor(signer: DownloadSigner) {
    this.#signer = signer;
  }

  sign(download: DownloadToSign): Promise<SignedDownload> {
    const key = JSON.stringify(download);
    const known = this.#signed.get(key);
    if (known !== undefined) return known;
    const signing = this.#signer.sign(download);
    this.#signed.set(key, signing);
    // The oldest goes first, and so does every signature of a past step.
    const [oldest] = this.#signed.keys();
    if (this.#signed.size > MAX_SIGNATURES && oldest !== undefined) this.#signed.delete(oldest);
    signing.catch(() => this.#signed.delete(key));
    return signing;
  }

  /** Signs with new keys from now on. */
  forget(): void {
    this.#signed.clear();
  }
}
