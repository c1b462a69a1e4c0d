import { type OptimizeRequest, optimizeRequestSchema } from '@claimcheck/contracts/broker-events';
import type { FailureCode } from '@claimcheck/contracts/errors';
import type { WorkerReport } from '@claimcheck/contracts/worker-report';
import type { Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { JetStreamConsumer } from '@claimcheck/platform/nats/consumer';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Storage } from '@claimcheck/platform/s3/storage';
import type { Budget } from '../job/budget.ts';
import { Job } from '../job/job.ts';
import type { JobFolders } from '../job/job-folders.ts';
import { MediaFailure } from '../job/media-failure.ts';
import { addRelease, countReleases, forgetReleases } from '../job/releases.ts';
import type { Responses } from '../job/responses.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Lane } from './lane.ts';
import { isRescan } from './rescan.ts';

export interface LaneConsumerOptions {
  bus: Bus;
  durable: string;
  subject: string;
  concurrency: number;
  /** Sources from this size on take at most half of the slots. Bytes. */
  largeBytes: number;
  disk: Budget;
  /** Returns the bytes that the job's folder may hold. */
  diskNeed: (request: OptimizeRequest) => number;
  maxAttempts: number;
  ackWaitMs: number;
  lane: Lane;
  responses: Responses;
  folders: JobFolders;
  metrics: WorkerMetrics;
  failpoint: Failpoint;
  logger: Logger;
  storage: Storage;
  /** Throws when a dependency of the lane does not answer. */
  checkNeeds: () => Promise<void>;
  /** Returns why a request that was tried too often has probably failed. */
  explainExhaustion: () => Promise<FailureCode>;
  /** For the doctor, which probes the ring. */
  describe: () => Promise<WorkerReport>;
}

/** Feeds a lane from the broker: a job per request, a final response per failure, then the ack. */
export const createLaneConsumer = (options: LaneConsumerOptions): JetStreamConsumer<OptimizeRequest> => {
  const { responses, metrics, durable } = options;
  return new JetStreamConsumer<OptimizeRequest>({
    bus: options.bus,
    stream: options.bus.streams.media.name,
    durable,
    subject: options.subject,
    schema: optimizeRequestSchema,
    concurrency: options.concurrency,
    largeConcurrency: Math.max(1, Math.floor(options.concurrency / 2)),
    ackWaitMs: options.ackWaitMs,
    maxAttempts: options.maxAttempts,
    isolateRedelivered: true,
    checkNeeds: options.checkNeeds,
    countReleased: (request) => countReleases(options.storage, request),
    onRelease: (request) => addRelease(options.storage, request),
    handle: async (request, { attempt, deliveries, signal, slot }) => {
      if ((request.sizeBytes ?? 0) >= options.largeBytes) await slot.becomeLarge(signal);
      // A file that may end the process again must not take the verdict with it.
      const joined = request.joined === true && deliveries === 1;
      const isLast = attempt >= options.maxAttempts;
      await work({ ...request, joined }, { signal, isLast }, options);
      if (deliveries > 1) await forgetReleases(options.storage, request);
    },
    onExhausted: async (request, end, { signal }) => {
      // A settled media object does not fail because of a rescan.
      if (isRescan(request)) return;
      // A dependency may recover. A file that ends a process would end the next one too.
      const retryable = end === 'error';
      const { judgeAlone } = options.lane;
      if (end === 'crash' && judgeAlone !== undefined)
        return work(
          request,
          { signal, isLast: true },
          { ...options, lane: { run: judgeAlone.bind(options.lane) } },
        );
      await responses.fail(request, { code: await options.explainExhaustion(), retryable });
    },
    onOutcome: (outcome) => metrics.deliveries.inc({ consumer: durable, outcome }),
    logger: options.logger,
  });
};

const work = async (
  request: OptimizeRequest,
  { signal, isLast }: { signal: AbortSignal; isLast: boolean },
  options: LaneConsumerOptions,
): Promise<void> => {
  const { lane, responses, folders, disk, diskNeed, metrics, failpoint, logger: parent } = options;
  // This precedes everything that a media object would need.
  if (request.probe === true)
    return responses.succeed(request, 'probe', { worker: await options.describe() });
  const logger = parent.child({ media_object_id: request.mediaId, epoch: request.epoch });
  try {
    const diskBytes = diskNeed(request);
    if (diskBytes > disk.total)
      throw new MediaFailure('processing_failed', {
        retryable: true,
        detail: `needs ${diskBytes} bytes of disk, JOB_DISK_BYTES is ${disk.total}`,
      });
    await disk.with(diskBytes, signal, () =>
      folders.withFolder((folder) =>
        lane.run(
          new Job({
            request,
            folder,
            diskBytes,
            signal,
            logger,
            failpoint,
            metrics,
            tracing: options.bus.tracing,
          }),
        ),
      ),
    );
    logger.info('request done');
  } catch (error) {
    if (!(error instanceof MediaFailure)) throw error;
    const isHidden = error.code === 'source_missing' && error.retryable;
    // The store may show the source to the next delivery. Only the last one calls it missing, and then for good.
    if (isHidden && !isLast) throw error;
    logger.warn({ code: error.code, detail: error.detail }, 'the media object cannot be processed');
    await responses.fail(request, isHidden ? { code: error.code, retryable: false } : error);
  }
  failpoint('worker.before_ack');
};
