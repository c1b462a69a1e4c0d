import type { Storage } from '../s3/storage.ts';
import { CloudFrontSigner } from './cloudfront-signer.ts';
import type { DownloadSigner } from './download-signer.ts';
import { HmacSigner } from './hmac-signer.ts';
import { S3Signer } from './s3-signer.ts';
import type { CdnSettings } from './signing-variables.ts';

/** Creates the signer for the address where clients find objects: the store itself, or a CDN in front of it. */
export const createDownloadSigner = (storage: Storage, cdn: CdnSettings | undefined): DownloadSigner => {
  const store = new S3Signer(storage);
  if (cdn === undefined) return store;
  const edge =
    cdn.kind === 'cloudfront'
      ? new CloudFrontSigner({ url: cdn.url, keyId: cdn.keyId, privateKey: cdn.key })
      : new HmacSigner({ url: cdn.url, secret: cdn.key });
  // The CDN serves the bucket for new objects; the store itself signs for older ones.
  return { sign: (one) => ((one.bucket ?? storage.bucket) === storage.bucket ? edge : store).sign(one) };
};
