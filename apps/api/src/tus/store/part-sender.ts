import { setTimeout as pause } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  S3Client,
  S3ServiceException,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { s3ClientConfig } from '@claimcheck/platform/s3/storage';
import type { StoredPart } from '../../media/uploads/upload-sessions.ts';
import { ObjectWriter, type ObjectWriterOptions } from './object-writer.ts';
import { TusError } from './tus-error.ts';

const TRIES = 4;
/** For all tries together: a storage that hangs is an error to the client while it still waits. */
const DEADLINE_MS = 35_000;
const LOOK_MS = 5_000;
const FIRST_PAUSE_MS = 200;
const OCTETS = 'application/octet-stream';

export const sizeOf = (chunks: readonly Buffer[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

const isPassing = (error: unknown): boolean =>
  !(error instanceof S3ServiceException) ||
  (error.$metadata.httpStatusCode ?? 500) >= 500 ||
  error.name === 'SlowDown' ||
  error.name === 'RequestTimeout' ||
  // versitygw, while it removes the folder that the last deleted key has left empty.
  error.name === 'ExistingObjectIsDirectory';

/** Said by S3 when there is no such multipart upload any more, or it does not have these parts. */
export const isLost = (error: unknown): boolean =>
  error instanceof S3ServiceException && (error.name === 'NoSuchUpload' || error.name === 'InvalidPart');

/** Said by S3 when the object is there already, or somebody is just writing it. */
export const isConflict = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (error.$metadata.httpStatusCode === 412 || error.$metadata.httpStatusCode === 409);

/**
 * Writes of the upload engine to S3, each retried with the same bytes. The payload is not signed
 * (docs/decisions/0003-upload-store.md has the figures).
 */
export class PartSender {
  readonly #client: S3Client;
  readonly #writer: ObjectWriter;
  readonly #bucket: string;

  constructor(options: ObjectWriterOptions) {
    this.#bucket = options.bucket;
    this.#client = new S3Client({ ...s3ClientConfig(options), maxAttempts: 1 });
    this.#writer = new ObjectWriter(options, this.#client.config.sha256);
  }

  /** @returns S3's id of the multipart upload */
  async open(key: string): Promise<string> {
    const command = new CreateMultipartUploadCommand({
      Bucket: this.#bucket,
      Key: key,
      ContentType: OCTETS,
    });
    const { UploadId } = await this.#retry((options) => this.#client.send(command, options));
    if (UploadId === undefined) throw new Error('the storage opened no multipart upload');
    return UploadId;
  }

  async sendPart(
    key: string,
    s3UploadId: string,
    number: number,
    chunks: readonly Buffer[],
  ): Promise<StoredPart> {
    const size_bytes = sizeOf(chunks);
    const etag = await this.#retry(({ abortSignal: signal }) =>
      this.#writer.write({
        key,
        query: { partNumber: String(number), uploadId: s3UploadId },
        chunks,
        size_bytes,
        signal,
      }),
    );
    return { number, etag, size_bytes };
  }

  /** A part that is a range of another object of the bucket; no byte passes through us. */
  async copyPart(
    key: string,
    s3UploadId: string,
    number: number,
    from: { key: string; size_bytes: number },
  ): Promise<StoredPart> {
    const { CopyPartResult } = await this.#retry((options) =>
      this.#client.send(
        new UploadPartCopyCommand({
          Bucket: this.#bucket,
          Key: key,
          UploadId: s3UploadId,
          PartNumber: number,
          CopySource: `${this.#bucket}/${from.key}`,
        }),
        options,
      ),
    );
    return {
      number,
      etag: CopyPartResult?.ETag ?? '',
      size_bytes: from.size_bytes,
    };
  }

  /** A whole object. @param ifAbsent refuse (412, see {@link isConflict}) when there is one already */
  async put(key: string, chunks: readonly Buffer[], ifAbsent: boolean): Promise<void> {
    await this.#retry(({ abortSignal: signal }) =>
      this.#writer.write({
        key,
        headers: { 'content-type': OCTETS, ...(ifAbsent ? { 'if-none-match': '*' } : {}) },
        chunks,
        size_bytes: sizeOf(chunks),
        signal,
      }),
    );
  }

  async complete(key: string, s3UploadId: string, parts: readonly StoredPart[]): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({
      PartNumber: number,
      ETag: etag,
    }));
    await this.#retry((options) =>
      this.#client.send(
        new CompleteMultipartUploadCommand({
          Bucket: this.#bucket,
          Key: key,
          UploadId: s3UploadId,
          MultipartUpload: { Parts },
        }),
        options,
      ),
    );
  }

  /** @returns false only when the storage says that there is no such multipart upload */
  async isOpen(key: string, s3UploadId: string): Promise<boolean> {
    const command = new ListPartsCommand({
      Bucket: this.#bucket,
      Key: key,
      UploadId: s3UploadId,
      MaxParts: 1,
    });
    try {
      await this.#client.send(command, { abortSignal: AbortSignal.timeout(LOOK_MS) });
      return true;
    } catch (error) {
      return !(error instanceof S3ServiceException && error.name === 'NoSuchUpload');
    }
  }

  /** Ends every multipart upload of this key. */
  async abortAll(key: string): Promise<void> {
    const where = { Bucket: this.#bucket, Prefix: key };
    const { Uploads = [] } = await this.#retry((options) =>
      this.#client.send(new ListMultipartUploadsCommand(where), options),
    );
    for (const { Key, UploadId } of Uploads)
      if (Key === key)
        await this.#retry((options) =>
          this.#client.send(
            new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }),
            options,
          ),
        );
  }

  async #retry<T>(send: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    const abortSignal = AbortSignal.timeout(DEADLINE_MS);
    for (let tries = 1; ; tries += 1) {
      try {
        return await send({ abortSignal });
      } catch (error) {
        if (abortSignal.aborted) throw new TusError('unavailable');
        if (tries >= TRIES || !isPassing(error)) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random()));
      }
    }
  }

  close(): void {
    this.#client.destroy();
    this.#writer.close();
  }
}
