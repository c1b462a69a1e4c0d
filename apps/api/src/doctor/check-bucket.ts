import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { prefixOf, sourceKey } from '@claimcheck/contracts/object-keys';
import { storageEventSchema } from '@claimcheck/contracts/storage-events';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { within } from '@claimcheck/platform/process/within';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Config } from '../config.ts';
import { attempt } from './attempt.ts';
import { type Check, failed, passed, skipped, warned } from './check.ts';
import { CAPABILITIES, checkCapabilities, MULTIPART_KEYS } from './check-capabilities.ts';
import { checkCors } from './check-cors.ts';
import { checkCutRequests } from './check-cut-requests.ts';
import { checkSignedUrl } from './check-signed-url.ts';
import { type CertificateProblem, describeCertificate } from './describe-certificate.ts';
import { waitUntil } from './wait-until.ts';

export interface BucketContext {
  config: Config;
  storage: Storage;
  /** Undefined if the broker is down. */
  bus: Bus | undefined;
}

const PROBE_BYTES = 1_000;
const NOTIFICATION_PATIENCE_MS = 3_000;
const ACCESS =
  'check S3_ENDPOINT, S3_BUCKET, S3_REGION and the keys; they must be allowed to list, read, write and delete in this bucket';

const assertReadable = async (storage: Storage, key: string, written: Buffer): Promise<void> => {
  const { body } = await storage.get(key);
  if (!written.equals(await buffer(body))) throw new Error('what was written is not what is read');
  for await (const listed of storage.list(key)) if (listed === key) return;
  throw new Error('what was written is not listed');
};

/** Starts listening; `heard` tells whether the store has reported the key by now. */
const listen = (bus: Bus, bucket: string, key: string) => {
  let heard = false;
  const stop = bus.subscribe(bus.subjects.storageEvents, (data) => {
    const event = storageEventSchema.safeParse(parseJson(data));
    for (const { s3 } of event.data?.Records ?? [])
      heard ||= s3.bucket.name === bucket && s3.object.key.replaceAll(/%2f/gi, '/') === key;
  });
  return { heard: () => heard, stop };
};

const parseJson = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
};

const checkNotification = async (heard: (() => boolean) | undefined): Promise<Check> => {
  const name = 'bucket notifications';
  if (heard === undefined) return skipped(name, 'first fix the broker');
  const ms = await waitUntil(heard, NOTIFICATION_PATIENCE_MS);
  return ms === undefined
    ? warned(
        name,
        'none came: an upload past us whose client dies before it says so is found by the sweeper alone, later',
        'let the store tell of keys that end in /source; docs/events.md says how for each store',
      )
    : passed(name, `came after ${ms} ms`);
};

/**
 * A HEAD answer has no body with a reason: the status is all there is.
 *
 * @returns a problem of the store's certificate
 */
const assertThere = async (storage: Storage): Promise<CertificateProblem | undefined> => {
  try {
    await storage.check();
    return undefined;
  } catch (error) {
    const problem = describeCertificate(error, 'S3_CA_FILE');
    if (problem !== undefined) return problem;
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    if (status === 404) throw new Error('there is no such bucket (404)');
    if (status === 403) throw new Error('the store refuses these keys (403)');
    throw error;
  }
};

/** Runs every check that needs an object, which it writes, reads, signs for and removes. */
const withObject = async (context: BucketContext): Promise<Check[]> => {
  const { config, storage, bus } = context;
  // Named like a source, so that the bucket reports it; no media object has this id.
  const id = randomUUID();
  const prefix = prefixOf(id);
  const key = sourceKey(id);
  const bytes = randomBytes(PROBE_BYTES);
  const listener = bus && listen(bus, config.storage.bucket, key);
  try {
    await bus?.connection.flush();
    await storage.put(key, bytes, { size_bytes: PROBE_BYTES, content_type: 'application/octet-stream' });
    await assertReadable(storage, key, bytes);
    const [notification, signed, cors, cut] = await Promise.all([
      checkNotification(listener?.heard),
      attempt('signed URLs', 'see S3_PUBLIC_ENDPOINT', () => checkSignedUrl(config, storage, key, bytes)),
      attempt('CORS of the bucket', 'see S3_PUBLIC_ENDPOINT', () => checkCors(config, storage, key)),
      attempt('cut requests', 'see S3_PUBLIC_ENDPOINT', () => checkCutRequests(storage, `${prefix}cut`)),
    ]);
    const written = passed(
      'bucket',
      `${config.storage.bucket} at ${config.storage.endpoint}: written, read, listed`,
    );
    return [written, notification, ...signed, ...cors, ...cut];
  } finally {
    listener?.stop();
    await storage.deletePrefix(prefix);
  }
};

/** The store that hangs now will not be asked to clean up for long; what stays is under a prefix of no media object. */
const CLEAN_UP_MS = 5_000;

const examineCapabilities = async (storage: Storage): Promise<Check[]> => {
  const prefix = prefixOf(randomUUID());
  try {
    return await checkCapabilities(storage, prefix);
  } finally {
    const cleanUp = () =>
      Promise.all([
        ...MULTIPART_KEYS.map((name) => storage.multipart.abortAll(`${prefix}${name}`)),
        storage.deletePrefix(prefix),
      ]);
    await within(CLEAN_UP_MS, cleanUp).catch(() => undefined);
  }
};

/** Checks the bucket as the api uses it, and as clients reach it. */
export const checkBucket = async (context: BucketContext): Promise<Check[]> => {
  const { endpoint, bucket } = context.config.storage;
  const checks = await attempt('bucket', ACCESS, async () => {
    const problem = await assertThere(context.storage);
    return problem === undefined ? withObject(context) : [failed('bucket', problem.detail, problem.fix)];
  });
  const [first] = checks;
  if (first?.name !== 'bucket' || first.ok)
    return [...checks, ...(await examineCapabilities(context.storage))];
  const waiting = [
    'bucket notifications',
    'signed URLs',
    'CORS of the bucket',
    'cut requests',
    ...CAPABILITIES,
  ];
  return [
    failed(first.name, `${bucket} at ${endpoint}: ${first.detail}`, first.fix ?? ACCESS),
    ...waiting.map((name) => skipped(name, 'first fix the bucket')),
  ];
};
