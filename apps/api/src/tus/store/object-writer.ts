import http from 'node:http';
import https from 'node:https';
import { crc32 } from 'node:zlib';
import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { StorageOptions } from '@claimcheck/platform/s3/s3-client';
import { SignatureV4 } from '@smithy/signature-v4';

const SILENCE_MS = 30_000;
const MAX_SOCKETS = 256;
const MAX_ERROR_BYTES = 65_536;

export interface ObjectWriterOptions extends StorageOptions {
  /** Returns whether writes need checksums: see needs-checksums. */
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
