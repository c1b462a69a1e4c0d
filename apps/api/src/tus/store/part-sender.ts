import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Logger } from '@claimcheck/platform/process/logger';
import { within } from '@claimcheck/platform/process/within';
import { keptOfCutRequest } from '@claimcheck/platform/s3/kept-of-cut-request';
import { Multipart, OCTETS } from '@claimcheck/platform/s3/multipart';
import { encryptionHeaders } from '@claimcheck/platform/s3/object-encryption';
import type { StorageOptions } from '@claimcheck/platform/s3/s3-client';
import { isTransient } from '@claimcheck/platform/s3/s3-errors';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { SignatureV4 } from '@smithy/signature-v4';
import type { StoredPart } from '../../media/uploads/upload-session.ts';
import { TusError } from './tus-error.ts';

/** A hanging store must not delay the write that asks for longer than this. */
const PATIENCE_MS = 5_000;

const ask = async (storage: Storage, logger: Logger): Promise<boolean> => {
  const prefix = `${randomUUID()}/`;
  const kept = await keptOfCutRequest(storage, storage.client, `${prefix}cut`);
  if (kept === undefined) return false;
  logger.warn('the store keeps requests that are cut off: what is written there carries checksums');
  await storage.deletePrefix(prefix);
  return true;
};

/**
 * Returns whether writes need checksums, because the store accepts truncated requests: an abandoned attempt may arrive after
 * the successful one, and would replace its part. Other stores may refuse checksums with which the multipart upload was not
 * opened, so a store that does not answer gets none, and is asked again at the next write. Never rejects.
 */
export const needsChecksums = (storage: Storage, logger: Logger): (() => Promise<boolean>) => {
  let answer: Promise<boolean> | undefined;
  return () => {
    answer ??= within(PATIENCE_MS, () => ask(storage, logger)).catch((error: unknown) => {
      logger.warn({ err: error }, 'the store could not be asked whether it keeps requests that are cut off');
      answer = undefined;
      return false;
    });
    return answer;
  };
};

const SILENCE_MS = 30_000;
const MAX_SOCKETS = 256;
const MAX_ERROR_BYTES = 65_536;

export interface ObjectWriterOptions extends StorageOptions {
  /** Returns whether writes need checksums: see {@link needsChecksums}. */
  needsChecksums: () => Promise<boolean>;
}

export interface ObjectWrite {
  key: string;
  /** `partNumber` and `uploadId` of a part; empty for a whole object. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  chunks: readonly Buffer[];
  size_bytes: number;
  signal: AbortSignal;
}

/** S3's own error code and message, as the SDK would report them. */
const toException = (status: number, body: string): S3ServiceException =>
  new S3ServiceException({
    name: /<Code>([A-Za-z]{1,64})<\/Code>/.exec(body)?.[1] ?? 'Unknown',
    message: /<Message>([^<]{1,500})<\/Message>/.exec(body)?.[1] ?? `the storage answered ${status}`,
    $fault: status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status },
  });

/**
 * Sends the two requests that carry an upload's bytes, PutObject and UploadPart, without the SDK: head and body leave in one
 * write, and a request costs a third of the processor's time (docs/decisions/0004-raw-writes.md). The SDK sends all others.
 */
export class ObjectWriter {
  readonly #signer: SignatureV4;
  readonly #base: URL;
  readonly #pathPrefix: string;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #onRequest: StorageOptions['onRequest'];
  readonly #needsChecksums: () => Promise<boolean>;

  /** @param sdk configuration of the SDK's client: its hash, and its credentials, which may rotate */
  constructor(options: ObjectWriterOptions, sdk: Pick<S3Client['config'], 'sha256' | 'credentials'>) {
    const { region, bucket } = options;
    this.#signer = new SignatureV4({
      credentials: sdk.credentials,
      region,
      service: 's3',
      sha256: sdk.sha256,
      uriEscapePath: false,
      applyChecksum: false,
    });
    this.#onRequest = options.onRequest;
    this.#needsChecksums = options.needsChecksums;
    this.#base = new URL(options.endpoint);
    const root = this.#base.pathname.replace(/\/$/, '');
    this.#pathPrefix = options.forcePathStyle ? `${root}/${bucket}/` : `${root}/`;
    if (!options.forcePathStyle) this.#base.hostname = `${bucket}.${this.#base.hostname}`;
    const { Agent, request } = this.#base.protocol === 'https:' ? https : http;
    this.#agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...options.tls });
    this.#request = request;
  }

  /**
   * Writes an object or a part. Our keys contain nothing that needs encoding. Afterwards nothing reads the chunks any longer,
   * whatever the outcome.
   *
   * @returns the ETag
   * @throws S3ServiceException with the storage's code; the connection's error; the signal's reason
   */
  async write(write: ObjectWrite): Promise<string> {
    const { method, headers, path } = await this.#sign(write);
    this.#onRequest?.('PUT');
    const request = this.#request({
      method,
      hostname: this.#base.hostname,
      port: this.#base.port,
      path,
      headers,
      agent: this.#agent,
      signal: write.signal,
    });
    try {
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
        request.setTimeout(SILENCE_MS, () => request.destroy(new Error('the storage is silent')));
        request.once('response', resolve).on('error', reject);
        for (const chunk of write.chunks) request.write(chunk);
        request.end();
      });
      const body = await readText(answer);
      if (answer.statusCode !== 200) throw toException(answer.statusCode ?? 500, body);
      await untilSent(request);
      return answer.headers.etag ?? '';
    } finally {
      // The storage answered before it had every byte: the rest must not be sent from freed memory.
      if (!request.writableFinished) request.destroy();
    }
  }

  async #sign({ key, query = {}, headers = {}, size_bytes, chunks }: ObjectWrite) {
    const checksum: Record<string, string> = (await this.#needsChecksums())
      ? { 'x-amz-checksum-crc32': crc32Of(chunks) }
      : {};
    const path = `${this.#pathPrefix}${key}`;
    const signed = await this.#signer.sign({
      method: 'PUT',
      protocol: this.#base.protocol,
      hostname: this.#base.hostname,
      path,
      query,
      headers: {
        host: this.#base.host,
        'content-length': String(size_bytes),
        // A hash of the payload would be wasted on a trusted connection.
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        ...checksum,
        ...headers,
      },
    });
    const search = new URLSearchParams(query).toString();
    return { method: 'PUT', headers: signed.headers, path: search === '' ? path : `${path}?${search}` };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Encodes as S3 requires: big-endian, in base64. */
const crc32Of = (chunks: readonly Buffer[]): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(chunks.reduce((sum, chunk) => crc32(chunk, sum), 0));
  return bytes.toString('base64');
};

const untilSent = async (request: http.ClientRequest): Promise<void> => {
  if (request.writableFinished || request.destroyed) return;
  await new Promise<void>((resolve) => {
    request.once('finish', resolve).once('close', resolve);
  });
};

const readText = async (answer: http.IncomingMessage): Promise<string> => {
  let text = '';
  answer.setEncoding('utf8');
  for await (const piece of answer) if (text.length < MAX_ERROR_BYTES) text += piece;
  return text;
};

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
