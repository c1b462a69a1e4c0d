import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type StorageOptions, s3ClientConfig } from '@claimcheck/platform/storage';
import type { StoredPart } from '../../media/upload-sessions.ts';
import { TusError } from './tus-error.ts';

const TRIES = 4;
/** For all tries together: a storage that hangs is an error to the client while it still waits. */
const DEADLINE_MS = 35_000;
const LOOK_MS = 5_000;
const FIRST_PAUSE_MS = 200;
const OCTETS = 'application/octet-stream';

export const sizeOf = (chunks: readonly Buffer[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

/** Hands out the chunks as they are: nothing is copied or joined. */
class ChunkStream extends Readable {
  readonly #chunks: readonly Buffer[];
  #next = 0;

  constructor(chunks: readonly Buffer[]) {
    super();
    this.#chunks = chunks;
  }

  override _read(): void {
    this.push(this.#chunks[this.#next] ?? null);
    this.#next += 1;
  }
}

const isPassing = (error: unknown): boolean =>
  !(error instanceof S3ServiceException) ||
  (error.$metadata.httpStatusCode ?? 500) >= 500 ||
  error.name === 'SlowDown' ||
  error.name === 'RequestTimeout';

/** Said by S3 when the object is there already, or the multipart upload is not: look, don't assume. */
export const needsALook = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (error.$metadata.httpStatusCode === 412 ||
    error.$metadata.httpStatusCode === 409 ||
    error.name === 'NoSuchUpload' ||
    error.name === 'PreconditionFailed' ||
    error.name === 'InvalidPart');

/**
 * Writes of the upload engine to S3, each retried with the same bytes. The payload is not signed (a hash
 * over everything, for nothing on a trusted line; docs/decisions/0003-upload-store.md has the figures).
 */
export class PartSender {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(options: StorageOptions) {
    this.#bucket = options.bucket;
    this.#client = new S3Client({ ...s3ClientConfig(options), maxAttempts: 1, expectContinueHeader: false });
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
    const { ETag } = await this.#retry((options) =>
      this.#client.send(
        new UploadPartCommand({
          Bucket: this.#bucket,
          Key: key,
          UploadId: s3UploadId,
          PartNumber: number,
          Body: new ChunkStream(chunks),
          ContentLength: size_bytes,
        }),
        options,
      ),
    );
    return { number, etag: ETag ?? '', size_bytes };
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

  /** A whole object. @param ifAbsent refuse (412, see {@link needsALook}) when there is one already */
  async put(key: string, chunks: readonly Buffer[], ifAbsent: boolean): Promise<void> {
    await this.#retry((options) =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: new ChunkStream(chunks),
          ContentLength: sizeOf(chunks),
          ContentType: OCTETS,
          ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
        }),
        options,
      ),
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
  }
}
