import { setTimeout as pause } from 'node:timers/promises';
import { Multipart, OCTETS } from '@claimcheck/platform/s3/multipart';
import { encryptionHeaders } from '@claimcheck/platform/s3/object-encryption';
import { isTransient } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { StoredPart } from '../../media/uploads/upload-parts.ts';
import { ObjectWriter, type ObjectWriterOptions } from './object-writer.ts';
import { TusError } from './tus-error.ts';

const TRIES = 4;
/** Time for all attempts together: a hanging storage must become an error while the client still waits. */
const DEADLINE_MS = 35_000;
const FIRST_PAUSE_MS = 200;

const sizeOf = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

/**
 * Sends the upload engine's writes to S3, each retried with the same bytes. The payload is not signed
 * (docs/decisions/0003-upload-store.md has the figures).
 */
export class PartSender {
  readonly multipart: Multipart;
  readonly #writer: ObjectWriter;
  readonly #objectHeaders: Record<string, string>;

  constructor(storage: Pick<Storage, 'client' | 'bucket' | 'encryption'>, options: ObjectWriterOptions) {
    this.multipart = new Multipart(storage, (send) => this.#retry(send));
    this.#writer = new ObjectWriter(options, storage.client.config);
    this.#objectHeaders = { 'content-type': OCTETS, ...encryptionHeaders(storage.encryption) };
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

  /** Writes a whole object. @param ifAbsent refuse (412, see {@link isConflict}) if it already exists */
  async put(key: string, chunks: readonly Buffer[], ifAbsent: boolean): Promise<void> {
    await this.#retry(({ abortSignal: signal }) =>
      this.#writer.write({
        key,
        headers: { ...this.#objectHeaders, ...(ifAbsent ? { 'if-none-match': '*' } : {}) },
        chunks,
        size_bytes: sizeOf(chunks),
        signal,
      }),
    );
  }

  async #retry<T>(send: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    const abortSignal = AbortSignal.timeout(DEADLINE_MS);
    for (let tries = 1; ; tries += 1) {
      try {
        return await send({ abortSignal });
      } catch (error) {
        if (abortSignal.aborted) throw new TusError('unavailable');
        if (tries >= TRIES || !isTransient(error)) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random()));
      }
    }
  }

  close(): void {
    this.#writer.close();
  }
}
