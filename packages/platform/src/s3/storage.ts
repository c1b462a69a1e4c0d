import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { MIB } from '@claimcheck/contracts/limits';
import { Multipart } from './multipart.ts';
import { ObjectDeleter } from './object-deleter.ts';
import { encryptionFields, type ObjectEncryption } from './object-encryption.ts';
import type { RequestOptions } from './request-handler.ts';
import { createS3Client, type StorageOptions } from './s3-client.ts';
import { isMissing } from './s3-errors.ts';
import type { TlsOptions } from './tls-options.ts';

export interface StoredObject {
  size_bytes: number;
  etag: string | undefined;
  last_modified?: Date | undefined;
}

/** Values of HTTP's own headers (RFC 9110): `Range`, `If-None-Match`, `If-Match`. */
export interface GetConditions {
  range?: string | undefined;
  if_none_match?: string | undefined;
  if_match?: string | undefined;
}

export interface GetOptions extends GetConditions, Pick<RequestOptions, 'pool'> {
  signal?: AbortSignal;
}

export interface ListedObject {
  key: string;
  size_bytes: number;
  last_modified: Date;
}

export interface ObjectBody extends StoredObject {
  body: Readable;
  /** `bytes a-b/total` if a range was requested and served. */
  content_range: string | undefined;
}

/** Larger objects go in parts of this size: each has a separate time-out, and is retried separately. */
const PART_BYTES = 16 * MIB;
/** Parts of one object that are in memory at once. */
const PARTS_AT_ONCE = 2;

/** One bucket of an S3-compatible server. Keys are always ours, and contain no text from a client or a host. */
export class Storage {
  readonly bucket: string;
  readonly client: S3Client;
  /** Signs for the address that clients reach. */
  readonly publicClient: S3Client;
  readonly multipart: Multipart;
  readonly encryption: ObjectEncryption | undefined;
  /** For requests to the store that need no client. */
  readonly tls: TlsOptions;
  readonly #endpoints: readonly string[];
  readonly #forcePathStyle: boolean;
  readonly #options: StorageOptions;
  readonly #hasOwnKeys: boolean;
  readonly #deleter: ObjectDeleter;

  /** @param clients those of another bucket of the same store */
  constructor(options: StorageOptions, clients?: Pick<Storage, 'client' | 'publicClient'>) {
    const { endpoint, publicEndpoint = endpoint } = options;
    this.bucket = options.bucket;
    this.encryption = options.encryption;
    this.tls = options.tls ?? {};
    this.client = clients?.client ?? createS3Client(options);
    this.publicClient =
      clients?.publicClient ??
      (publicEndpoint === endpoint ? this.client : createS3Client(options, publicEndpoint));
    this.multipart = new Multipart(this);
    this.#deleter = new ObjectDeleter(this.client, this.bucket);
    this.#endpoints = [options.endpoint, options.publicEndpoint].filter((url) => url !== undefined);
    this.#forcePathStyle = options.forcePathStyle;
    this.#options = options;
    this.#hasOwnKeys = options.keys !== undefined;
  }

  /** Returns this store for another bucket of its configuration; undefined for any other. */
  in(bucket: string): Storage | undefined {
    if (bucket === this.bucket) return this;
    if (this.#options.readableBuckets?.includes(bucket) !== true) return undefined;
    return new Storage({ ...this.#options, bucket }, this);
  }

  async head(key: string): Promise<StoredObject | undefined> {
    try {
      const found = await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }));
      return {
        size_bytes: found.ContentLength ?? 0,
        etag: found.ETag,
        last_modified: found.LastModified,
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** @throws S3ServiceException with HTTP's status 304, 412 or 416; see also {@link isMissing} */
  async get(key: string, options: GetOptions = {}): Promise<ObjectBody> {
    const { signal, pool } = options;
    const sendOptions: RequestOptions = { ...(signal && { abortSignal: signal }), ...(pool && { pool }) };
    const found = await this.client.send(
      new GetObjectCommand({
        Bucket: this.bucket,
        Key: key,
        Range: options.range,
        IfNoneMatch: options.if_none_match,
        IfMatch: options.if_match,
      }),
      sendOptions,
    );
    return {
      body: found.Body as Readable,
      size_bytes: found.ContentLength ?? 0,
      etag: found.ETag,
      last_modified: found.LastModified,
      content_range: found.ContentRange,
    };
  }

  /** @param body bytes, or a stream of exactly `size_bytes`, which is closed in any case */
  async put(
    key: string,
    body: Uint8Array | Readable,
    options: { size_bytes: number; content_type: string; signal?: AbortSignal },
  ): Promise<void> {
    const { size_bytes, content_type, signal } = options;
    const object = {
      ...{ Bucket: this.bucket, Key: key, Body: body, ContentType: content_type },
      ...encryptionFields(this.encryption),
    };
    if (!(body instanceof Readable)) return this.#put(object, size_bytes, signal);
    // The SDK only pipes: it would wait for the bytes of a stream that failed, and leave a stream open that it did
    // not read to the end.
    const broken = new AbortController();
    body.on('error', (error) => broken.abort(error));
    try {
      const signals = signal === undefined ? [broken.signal] : [broken.signal, signal];
      await this.#put(object, size_bytes, AbortSignal.any(signals));
    } catch (error) {
      throw broken.signal.aborted ? broken.signal.reason : error;
    } finally {
      body.destroy();
    }
  }

  async #put(
    object: PutObjectCommandInput & { Key: string },
    size_bytes: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (size_bytes > PART_BYTES) return this.#putInParts(object, signal);
    await this.client.send(
      new PutObjectCommand({ ...object, ContentLength: size_bytes }),
      signal === undefined ? {} : { abortSignal: signal },
    );
  }

  /** A failed or aborted upload leaves no parts. This also removes those of an earlier process that was killed. */
  async #putInParts(
    params: PutObjectCommandInput & { Key: string },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    // A store that does not allow listing keeps them for as long as its own rules say.
    await this.multipart.abortAll(params.Key).catch(() => undefined);
    const upload = new Upload({
      client: this.client,
      params,
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    const abort = () => void upload.abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await upload.done();
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** True once the store has refused a batch of deletes. */
  get deletesOneByOne(): boolean {
    return this.#deleter.isOneByOne;
  }

  /** Deletes keys; missing ones count as deleted. */
  async delete(keys: readonly string[]): Promise<void> {
    await this.#deleter.delete(keys);
  }

  /** Lists keys below a prefix, page by page. */
  async *list(prefix: string): AsyncGenerator<string> {
    for await (const { key } of this.listObjects(prefix)) yield key;
  }

  /** Lists objects below a prefix in the order of their keys, page by page. */
  async *listObjects(prefix: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const page = await this.client.send(
        new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, ContinuationToken: token }),
      );
      for (const { Key, Size = 0, LastModified = new Date() } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, size_bytes: Size, last_modified: LastModified };
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  /** Deletes everything below a prefix. Repeatable. */
  async deletePrefix(prefix: string): Promise<void> {
    const keys: string[] = [];
    for await (const key of this.list(prefix)) keys.push(key);
    await this.delete(keys);
  }

  /**
   * Returns a URL that its holder may GET for `seconds` from `signed_at` (now). Type, disposition and cache rules are part of
   * the signature. The same arguments give the same URL.
   */
  async signedUrl(
    key: string,
    options: {
      seconds: number;
      content_type: string;
      content_disposition: string;
      cache_control?: string;
      signed_at?: Date;
      /** `clients` by default; `proxy`: for the address by which this process reaches the store. */
      reader?: 'clients' | 'proxy';
    },
  ): Promise<string> {
    const command = new GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      ResponseContentType: options.content_type,
      ResponseContentDisposition: options.content_disposition,
      ResponseCacheControl: options.cache_control,
    });
    return getSignedUrl(options.reader === 'proxy' ? this.client : this.publicClient, command, {
      expiresIn: options.seconds,
      signingDate: options.signed_at ?? new Date(),
    });
  }

  /** When the platform's credentials expire, in milliseconds since 1970; undefined for configured keys. */
  async credentialsExpireAt(): Promise<number | undefined> {
    if (this.#hasOwnKeys) return undefined;
    const { expiration } = await this.publicClient.config.credentials();
    return expiration?.getTime();
  }

  /** Returns the key of `s3://bucket/key` or of a URL under one of our endpoints; undefined for any other. */
  keyOf(url: string): string | undefined {
    const prefixes = [
      `s3://${this.bucket}/`,
      ...this.#endpoints.map((endpoint) =>
        this.#forcePathStyle
          ? `${endpoint}/${this.bucket}/`
          : `${endpoint.replace('://', `://${this.bucket}.`)}/`,
      ),
    ];
    const prefix = prefixes.find((candidate) => url.startsWith(candidate));
    return prefix === undefined ? undefined : url.slice(prefix.length);
  }

  urlOf(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }

  /** For readiness checks. @throws when the bucket does not answer. */
  async check(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }));
  }

  close(): void {
    this.client.destroy();
    this.publicClient.destroy();
  }
}
