import { isOwnKey, prefixOf } from '@claimcheck/contracts/object-keys';
import {
  type ReceivedResponse,
  type ReceivedVirus,
  receivedResponseSchema,
  receivedVirusSchema,
} from '@claimcheck/contracts/received-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Database } from '@claimcheck/database/database';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { JetStreamConsumer } from '@claimcheck/platform/nats/consumer';
import { type Outcome, PoisonError } from '@claimcheck/platform/nats/delivery';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import { type BlockReason, blockKnownBytes, listSameBytes } from '../media/lifecycle/block-media.ts';
import type { DomainConfig } from '../media/record/domain-config.ts';
import { applyResult } from '../media/results/apply-result.ts';
import { applyVirus } from '../media/results/apply-virus.ts';
import type { Result } from '../media/results/result.ts';
import { type FieldWithKnownValues, unknownValues } from '../media/results/unknown-values.ts';

interface ResultConsumersOptions {
  database: Database;
  bus: Bus;
  storage: Storage;
  settings: DomainConfig;
  maxAttempts: number;
  /** Number of results applied at the same time. */
  concurrency: number;
  logger: Logger;
  onResult?: (outcome: string) => void;
  failpoint?: Failpoint;
  /** Called when a result has a value that this release does not know. */
  onUnknown?: (field: FieldWithKnownValues) => void;
  onBlocked?: (reason: BlockReason) => void;
  onDelivery?: (consumer: string, outcome: Outcome) => void;
}

/** With the longest delay between two attempts, this takes more than an hour. */
const VIRUS_ATTEMPTS = 75;
/** Infected files are rare. */
const VIRUS_CONCURRENCY = 4;
const SAME_BYTES_PAGE = 100;
/** Members wait this long for a result that a dead process had in work. */
const ACK_WAIT_MS = 5_000;

/** The worker handles hostile bytes and is not trusted: its results may only point below their own prefix. */
const resolveKey = (storage: Storage, mediaId: string, url: string): string => {
  const key = storage.keyOf(url);
  if (key === undefined || !isOwnKey(key, mediaId))
    throw new PoisonError(`processed url is outside of ${prefixOf(mediaId)}`);
  return key;
};

const resolveKeys = (storage: Storage, response: ReceivedResponse): Result => ({
  ...response,
  processed: (response.processed ?? []).map(({ url, ...rest }) => ({
    ...rest,
    key: resolveKey(storage, response.mediaId, url),
    bucket: storage.bucket,
  })),
});

const handleResponse = async (options: ResultConsumersOptions, response: ReceivedResponse): Promise<void> => {
  const { database, bus, settings, logger } = options;
  if (response.stage === 'probe') return bus.announce(bus.subjects.probeArrived(response.mediaId), {});
  const result = resolveKeys(options.storage, response);
  options.failpoint?.('results.before_commit');
  for (const field of unknownValues(result)) options.onUnknown?.(field);
  const outcome = await database.autocommit((on) => applyResult(on, settings, result));
  options.failpoint?.('results.before_ack');
  options.onResult?.(outcome);
  if (outcome === 'known_infected') {
    options.onBlocked?.('known_bytes');
    await options.storage.deletePrefix(prefixOf(result.mediaId));
  }
  const fields = { media_object_id: result.mediaId, epoch: result.epoch, stage: result.stage, outcome };
  logger.info(fields, 'result');
  if (outcome === 'unknown_epoch') throw new PoisonError('the epoch was never asked for');
};

/** Blocks every other media object with the infected bytes. A repetition finishes what a crash interrupted. */
const blockSameBytes = async (options: ResultConsumersOptions, sha256: string): Promise<void> => {
  const { database, settings, storage, logger } = options;
  let failure: unknown;
  for (;;) {
    const ids = await listSameBytes(database, sha256, SAME_BYTES_PAGE);
    let blocked = 0;
    for (const media_object_id of ids) {
      const keys = await database.transaction((tx) => blockKnownBytes(tx, settings, media_object_id));
      if (keys === undefined) continue;
      blocked += 1;
      options.onBlocked?.('same_bytes');
      logger.warn({ media_object_id, sha256 }, 'the same bytes were found infected');
      // A storage failure must not keep the others from being blocked; sweeps remove the objects left here.
      await removeObjects(storage, media_object_id, keys).catch((error: unknown) => {
        failure ??= error;
      });
    }
    // None of the page was blocked: another process was faster, or the verdict was forgotten meanwhile.
    if (blocked === 0) break;
  }
  if (failure !== undefined) throw failure;
};

const removeObjects = async (storage: Storage, mediaId: string, keys: readonly string[]): Promise<void> => {
  await storage.delete(keys);
  await storage.deletePrefix(prefixOf(mediaId));
};

const handleVirus = async (options: ResultConsumersOptions, event: ReceivedVirus): Promise<void> => {
  const { database, settings, logger } = options;
  const { outcome, keys, sha256 } = await database.transaction((tx) => applyVirus(tx, settings, event));
  options.onResult?.(`virus_${outcome}`);
  if (outcome === 'applied') options.onBlocked?.('verdict');
  logger.warn({ media_object_id: event.mediaId, virus: event.virusName, outcome }, 'infected');
  // Block access first. The objects of an already blocked media object are swept in any case.
  if (sha256 !== undefined) await blockSameBytes(options, sha256);
  // This runs before the ack, and again on a repetition, so a crash in between leaves nothing behind.
  await removeObjects(options.storage, event.mediaId, keys);
};

/** The two consumers that turn workers' events into state. Each applies a result once, and acks after the commit. */
export const createResultConsumers = (options: ResultConsumersOptions) => {
  const { bus, maxAttempts, logger } = options;
  const common = {
    bus,
    stream: bus.streams.media.name,
    ackWaitMs: ACK_WAIT_MS,
    maxAttempts,
    checkNeeds: () => options.database.check(),
    logger,
  };
  return [
    new JetStreamConsumer({
      ...common,
      durable: CONSUMERS.results,
      concurrency: options.concurrency,
      onOutcome: (outcome) => options.onDelivery?.(CONSUMERS.results, outcome),
      subject: bus.subjects.optimizeResponse,
      schema: receivedResponseSchema,
      handle: (response) => handleResponse(options, response),
    }),
    new JetStreamConsumer({
      ...common,
      durable: CONSUMERS.virus,
      concurrency: VIRUS_CONCURRENCY,
      // No other message would block these bytes, so this one must outlast an hour without the database.
      maxAttempts: Math.max(maxAttempts, VIRUS_ATTEMPTS),
      onOutcome: (outcome) => options.onDelivery?.(CONSUMERS.virus, outcome),
      subject: bus.subjects.virus,
      schema: receivedVirusSchema,
      handle: (event) => handleVirus(options, event),
    }),
  ];
};
