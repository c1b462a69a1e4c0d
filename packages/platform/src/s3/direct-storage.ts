import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { OCTETS } from './multipart.ts';
import { encryptionFields, encryptionHeaders } from './object-encryption.ts';
import type { Storage } from './storage.ts';

export interface SignedRequest {
  url: string;
  /** The client must send them unchanged; they are part of the signature. */
  headers: Record<string, string>;
}

/** Signs writes that clients send directly to the store. */
export class DirectStorage {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Signs one write of exactly `size_bytes` bytes, within `seconds`, unless the object exists. */
  async signPut(key: string, options: { size_bytes: number; seconds: number }): Promise<SignedRequest> {
    const { encryption } = this.#storage;
    const command = new PutObjectCommand({
      ...this.#at(key),
      ...encryptionFields(encryption),
      ContentLength: options.size_bytes,
      ContentType: OCTETS,
      IfNoneMatch: '*',
    });
    const headers = { 'content-type': OCTETS, 'if-none-match': '*', ...encryptionHeaders(encryption) };
    const url = await getSignedUrl(this.#storage.publicClient, command, {
      expiresIn: options.seconds,
      signableHeaders: new Set(['content-length', ...Object.keys(headers)]),
    });
    return { url, headers };
  }

  /** Signs one part of exactly `size_bytes` bytes; clients may repeat it until the upload is completed. */
  signPart(
    key: string,
    uploadId: string,
    part: { number: number; size_bytes: number; seconds: number },
  ): Promise<string> {
    const command = new UploadPartCommand({
      ...this.#at(key),
      UploadId: uploadId,
      PartNumber: part.number,
      ContentLength: part.size_bytes,
    });
    return getSignedUrl(this.#storage.publicClient, command, { expiresIn: part.seconds });
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#storage.bucket, Key: key };
  }
}
