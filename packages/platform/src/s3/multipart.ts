import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { encryptionFields, type ObjectEncryption } from './object-encryption.ts';
import { COMPLETE_TIMEOUT_MS, type RequestOptions } from './request-handler.ts';
import { isLost, isMissing } from './s3-errors.ts';

/** The type of every stored source. Viewers get theirs from the signature of their download. */
export const OCTETS = 'application/octet-stream';

const CHECK_MS = 5_000;

/** A part as the store has it. */
export interface UploadedPart {
  number: number;
  etag: string;
  size_bytes: number;
}

/** Runs one request, and decides on its deadline and on retries. */
export type Attempt = <T>(send: (options: RequestOptions) => Promise<T>) => Promise<T>;

/** Multipart uploads of one bucket. Each call throws the store's error, unless it says otherwise. */
export class Multipart {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #encryption: ObjectEncryption | undefined;
  readonly #attempt: Attempt;

  constructor(
    store: { client: S3Client; bucket: string; encryption: ObjectEncryption | undefined },
    attempt: Attempt = (send) => send({}),
  ) {
    this.#client = store.client;
    this.#bucket = store.bucket;
    this.#encryption = store.encryption;
    this.#attempt = attempt;
  }

  /** @returns the store's id of a new multipart upload */
  async open(key: string): Promise<string> {
    const command = new CreateMultipartUploadCommand({
      ...this.#at(key),
      ContentType: OCTETS,
      ...encryptionFields(this.#encryption),
    });
    const { UploadId } = await this.#attempt((options) => this.#client.send(command, options));
    if (UploadId === undefined) throw new Error('the storage opened no multipart upload');
    return UploadId;
  }

  /** @throws see {@link isMissing}, when there is no such multipart upload */
  async listParts(key: string, uploadId: string): Promise<UploadedPart[]> {
    const parts: UploadedPart[] = [];
    let marker: string | undefined;
    do {
      const command = new ListPartsCommand({
        ...this.#at(key),
        UploadId: uploadId,
        PartNumberMarker: marker,
      });
      const page = await this.#attempt((options) => this.#client.send(command, options));
      for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? [])
        parts.push({ number: PartNumber, etag: ETag, size_bytes: Size });
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return parts;
  }

  /** Copies another object of the bucket into a part; no byte passes through this process. */
  async copyPart(
    key: string,
    uploadId: string,
    number: number,
    from: { key: string; size_bytes: number },
  ): Promise<UploadedPart> {
    const command = new UploadPartCopyCommand({
      ...this.#at(key),
      UploadId: uploadId,
      PartNumber: number,
      CopySource: `${this.#bucket}/${from.key}`,
    });
    const { CopyPartResult } = await this.#attempt((options) => this.#client.send(command, options));
    return { number, etag: CopyPartResult?.ETag ?? '', size_bytes: from.size_bytes };
  }

  /**
   * Joins the parts into one object.
   *
   * @param options `ifAbsent`: only if the object does not exist yet
   * @throws see {@link isUnsettled}
   */
  async complete(
    key: string,
    uploadId: string,
    parts: readonly Pick<UploadedPart, 'number' | 'etag'>[],
    options: { ifAbsent: boolean },
  ): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#at(key),
      UploadId: uploadId,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
      ...(options.ifAbsent ? { IfNoneMatch: '*' } : {}),
    });
    // Not repeated: after a time-out the store may still be working, and a second Complete would replace its object.
    await this.#client.send(command, {
      pool: 'completions',
      requestTimeout: COMPLETE_TIMEOUT_MS,
    } as RequestOptions);
  }

  /** Removes the parts of an unfinished upload. Repeatable. */
  async abort(key: string, uploadId: string): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: uploadId });
    try {
      await this.#attempt((options) => this.#client.send(command, options));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Aborts every multipart upload of a key, even one whose id no row has. Repeatable. */
  async abortAll(key: string): Promise<void> {
    const command = new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: key });
    const { Uploads = [] } = await this.#attempt((options) => this.#client.send(command, options));
    for (const { Key, UploadId } of Uploads)
      if (Key === key && UploadId !== undefined) await this.abort(key, UploadId);
  }

  /** @returns false only when the store answers that the multipart upload does not exist */
  async isOpen(key: string, uploadId: string): Promise<boolean> {
    const command = new ListPartsCommand({ ...this.#at(key), UploadId: uploadId, MaxParts: 1 });
    try {
      await this.#client.send(command, { abortSignal: AbortSignal.timeout(CHECK_MS) });
      return true;
    } catch (error) {
      return !isLost(error);
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: key };
  }
}
