import { parseKey } from '@claimcheck/contracts/object-keys';
import { type StorageEvent, storageEventSchema } from '@claimcheck/contracts/storage-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { JetStreamConsumer } from '@claimcheck/platform/nats/consumer';
import type { Outcome } from '@claimcheck/platform/nats/delivery';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { DirectUploads } from '../direct/direct-uploads.ts';
import { isDirect } from '../media/uploads/direct-sessions.ts';
import { findSession } from '../media/uploads/upload-session.ts';

interface StorageEventsOptions {
  database: Database;
  bus: Bus;
  /** Events of other buckets are ignored. */
  bucket: string;
  directUploads: Pick<DirectUploads, 'complete'>;
  maxAttempts: number;
  logger: Logger;
  onDelivery: (consumer: string, outcome: Outcome) => void;
}

const CONCURRENCY = 2;
/** Short, so that events taken by a process that died soon reach another one. */
const ACK_WAIT_MS = 5_000;

/** MinIO and AWS encode keys, versitygw does not. Our keys contain no character that decoding would change. */
const uploadIdOf = (key: string): string | undefined => {
  const parsed = parseKey(key.replaceAll(/%2f/gi, '/'));
  return parsed?.kind === 'source' ? parsed.mediaObjectId : undefined;
};

const handle = async (
  { database, bucket, directUploads }: StorageEventsOptions,
  { Records = [] }: StorageEvent,
): Promise<void> => {
  for (const { s3 } of Records) {
    const id = s3.bucket.name === bucket ? uploadIdOf(s3.object.key) : undefined;
    const session = id === undefined ? undefined : await findSession(database, id);
    // The upload engine itself reports the end of its own uploads.
    if (session === undefined || !isDirect(session) || session.phase !== 'open') continue;
    await directUploads.complete(session, 'event');
  }
};

/**
 * Reads the storage's events about written objects. An event is only a hint: its size is wrong on some servers, and it
 * may come late, twice, or never.
 */
export const createStorageEventConsumer = (options: StorageEventsOptions) => {
  const { bus, maxAttempts, logger } = options;
  return new JetStreamConsumer({
    bus,
    stream: bus.streams.storage.name,
    durable: CONSUMERS.storage,
    subject: bus.subjects.storageEvents,
    schema: storageEventSchema,
    concurrency: CONCURRENCY,
    ackWaitMs: ACK_WAIT_MS,
    maxAttempts,
    checkNeeds: () => options.database.check(),
    logger,
    onOutcome: (outcome) => options.onDelivery(CONSUMERS.storage, outcome),
    handle: (event) => handle(options, event),
  });
};
