import { S3Client } from '@aws-sdk/client-s3';
import { type OnStorageRequest, RequestHandler } from './request-handler.ts';

export interface StorageOptions {
  endpoint: string;
  /** The address that clients reach; part of a signature, so it must be known when signing. */
  publicEndpoint?: string | undefined;
  region: string;
  bucket: string;
  /** Others that hold what was stored before. */
  readableBuckets?: readonly string[];
  accessKeyId: string;
  secretAccessKey: string;
  forcePathStyle: boolean;
  /** Called with every request, for what it costs. */
  onRequest?: OnStorageRequest;
  /** How long a connection may be without a byte in either direction. */
  stallTimeoutMs?: number;
  /** The same for downloads that pass through this process: a viewer that pauses stops them. */
  downloadStallMs?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** Without a byte in either direction; a little later, so that a missing answer is reported as such. */
const STALL_TIMEOUT_MS = 35_000;

/** Creates a client of one endpoint. A process has one, and a second that only signs for `publicEndpoint`. */
export const createS3Client = (options: StorageOptions, endpoint = options.endpoint): S3Client => {
  const connections = (socketTimeout: number) => ({
    connectionTimeout: 5_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Without this the time-out only warns, and a hanging server hangs us.
    throwOnRequestTimeout: true,
    // And one that stops in the middle of a body.
    socketTimeout,
    httpAgent: { maxSockets: 256, keepAlive: true },
    httpsAgent: { maxSockets: 256, keepAlive: true },
  });
  const stallMs = options.stallTimeoutMs ?? STALL_TIMEOUT_MS;
  return new S3Client({
    endpoint,
    region: options.region,
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
    forcePathStyle: options.forcePathStyle,
    // S3-compatible servers differ in the newer checksum headers; ask for them only where S3 demands it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It would write lines of its own between our JSON; what it has to say is in the errors.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    requestHandler: new RequestHandler(
      options.onRequest ?? (() => undefined),
      connections(stallMs),
      connections(options.downloadStallMs ?? stallMs),
    ),
  });
};
