import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { isMissing, type Storage } from './storage.ts';

/** What every source is stored as: the type that viewers get is fixed when their download is signed. */
const OCTETS = 'application/octet-stream';

export interface SignedRequest {
  url: string;
  /** To be sent as they are; they are part of the signature. */
  headers: Record<string, string>;
}

/** A part as the storage keeps it. */
export interface UploadedPart {
  number: number;
  etag: string;
  size_bytes: number;
}

/**
 * The storage says that an object can't be made of these parts, or not any more: it is there already, the
 * multipart upload is gone, or a part was replaced meanwhile. A look at the object tells which.
 */
export const isUnsettled = (error: unknown): boolean =>
  isMissing(error) ||
  (error instanceof S3ServiceException &&
    (error.name === 'InvalidPart' ||
      error.$metadata.httpStatusCode === 412 ||
      error.$metadata.httpStatusCode === 409));

/** Writes to the storage that clients make themselves, with signatures of ours. */
export class DirectStorage {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Whoever holds it may, within `seconds`, write this object once, with exactly `size_bytes` bytes. */
  async signPut(key: string, options: { size_bytes: number; seconds: number }): Promise<SignedRequest> {
    const command = new PutObjectCommand({
      ...this.#at(key),
      ContentLength: options.size_bytes,
      ContentType: OCTETS,
      IfNoneMatch: '*',
    });
    const pinned = new Set(['content-length', 'content-type', 'if-none-match']);
    const url = await getSignedUrl(this.#storage.publicClient, command, {
      expiresIn: options.seconds,
      signableHeaders: pinned,
    });
    return { url, headers: { 'content-type': OCTETS, 'if-none-match': '*' } };
  }

  /** One part of exactly `size_bytes` bytes; it may be written again until the upload is completed. */
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

  /** @returns the storage's id of a new multipart upload */
  async open(key: string): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.#at(key), ContentType: OCTETS });
    const { UploadId } = await this.#storage.client.send(command);
    if (UploadId === undefined) throw new Error('the storage opened no multipart upload');
    return UploadId;
  }

  /** @throws S3ServiceException, see {@link isMissing}, when there is no such multipart upload */
  async parts(key: string, uploadId: string): Promise<UploadedPart[]> {
    const parts: UploadedPart[] = [];
    let marker: string | undefined;
    do {
      const page = await this.#storage.client.send(
        new ListPartsCommand({ ...this.#at(key), UploadId: uploadId, PartNumberMarker: marker }),
      );
      for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? [])
        parts.push({ number: PartNumber, etag: ETag, size_bytes: Size });
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return parts;
  }

  /** Makes one object of the parts, unless there is one. @throws see {@link isUnsettled} */
  async complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    await this.#storage.client.send(
      new CompleteMultipartUploadCommand({
        ...this.#at(key),
        UploadId: uploadId,
        MultipartUpload: { Parts },
        IfNoneMatch: '*',
      }),
    );
  }

  /** Repeatable. */
  async abort(key: string, uploadId: string): Promise<void> {
    try {
      await this.#storage.abortMultipartUpload(key, uploadId);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#storage.bucket, Key: key };
  }
}
