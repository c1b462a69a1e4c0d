import https from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import type { ObjectEncryption } from './object-encryption.ts';
import { readBuffer } from './read-buffer.ts';
import { type OnStorageRequest, RequestHandler } from './request-handler.ts';
import type { TlsOptions } from './tls-options.ts';

export interface StorageOptions {
  endpoint: string;
  /** The address that clients reach. It is part of a signature, so it must be known when signing. */
  publicEndpoint?: string | undefined;
  region: string;
  bucket: string;
  /** Other buckets, which hold objects stored earlier. */
  readableBuckets?: readonly string[];
  /** Returns keys for each signature. Without it, the SDK finds the identity that the platform provides. */
  keys?: (() => StorageKeys) | undefined;
  forcePathStyle: boolean;
  /** What connections to the store trust; see tls-options. */
  tls?: TlsOptions;
  encryption?: ObjectEncryption | undefined;
  /** Called with every request, to count its cost. */
  onRequest?: OnStorageRequest;
  /** How long a connection may stay without a byte in either direction. */
  stallTimeoutMs?: number;
  /** The same for downloads that pass through this process: a viewer that pauses stops them. */
  downloadStallMs?: number;
}

export interface StorageKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** Limit without a byte in either direction. Slightly later, so that a missing answer is reported as such. */
const STALL_TIMEOUT_MS = 35_000;

/** The SDK asks again five minutes before credentials expire; with this expiry, that is ten seconds later. */
const ASK_AGAIN_MS = 310_000;

/** Returns keys whenever the SDK asks, so that a rotated one is used. */
const toProvider = (keys: () => StorageKeys) => async () => {
  const { accessKeyId, secretAccessKey, sessionToken } = keys();
  const expiration = new Date(Date.now() + ASK_AGAIN_MS);
  return {
    accessKeyId,
    secretAccessKey,
    expiration,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
};

const CONNECTIONS = { maxSockets: 256, keepAlive: true, onread: readBuffer() };

/** With a trust of its own, an instance: of options, large writes (`Expect: 100-continue`) would not get the trust. */
const httpsAgentOf = ({ tls }: StorageOptions): https.Agent | https.AgentOptions =>
  tls?.secureContext === undefined ? CONNECTIONS : new https.Agent({ ...CONNECTIONS, ...tls });

/** Creates a client of one endpoint. A process has one, and a second that only signs for `publicEndpoint`. */
export const createS3Client = (options: StorageOptions, endpoint = options.endpoint): S3Client => {
  const connections = (socketTimeout: number) => ({
    connectionTimeout: 5_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Without this the time-out only warns, and a hanging server would block us.
    throwOnRequestTimeout: true,
    // This covers a server that stops in the middle of a body.
    socketTimeout,
    httpAgent: CONNECTIONS,
    httpsAgent: httpsAgentOf(options),
  });
  const stallMs = options.stallTimeoutMs ?? STALL_TIMEOUT_MS;
  return new S3Client({
    endpoint,
    region: options.region,
    ...(options.keys === undefined ? {} : { credentials: toProvider(options.keys) }),
    forcePathStyle: options.forcePathStyle,
    // S3-compatible servers differ in the newer checksum headers; ask for them only where S3 demands it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It would write lines between our JSON lines; its errors contain the same information.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    requestHandler: new RequestHandler(
      options.onRequest ?? (() => undefined),
      connections(stallMs),
      connections(options.downloadStallMs ?? stallMs),
    ),
  });
};
