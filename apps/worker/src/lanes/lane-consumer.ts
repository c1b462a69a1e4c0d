import { type OptimizeRequest, optimizeRequestSchema } from '@claimcheck/contracts/broker-events';
import type { FailureCode } from '@claimcheck/contracts/errors';
import type { Bus } from '@claimcheck/platform/bus';
import { JetStreamConsumer } from '@claimcheck/platform/consumer';
import type { Failpoint } from '@claimcheck/platform/failpoint';
import type { Logger } from '@claimcheck/platform/logger';
import { Job } from '../job/job.ts';
import type { JobFolders } from '../job/job-folders.ts';
import { MediaFailure } from '../job/media-failure.ts';
import type { Responses } from '../job/responses.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { Lane } from './lane.ts';

export interface LaneConsumerOptions {
  bus: Bus;
  durable: string;
  subject: string;
  concurrency: number;
  maxAttempts: number;
  ackWaitMs: number;
  lane: Lane;
  responses: Responses;
  folders: JobFolders;
  metrics: WorkerMetrics;
  failpoint: Failpoint;
  logger: Logger;
  /** Why a request that was tried too often has probably failed. */
  explainExhaustion: () => Promise<FailureCode>;
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
    ackWaitMs: options.ackWaitMs,
    maxAttempts: options.maxAttempts,
    handle: (request, { signal }) => work(request, signal, options),
    onExhausted: async (request) => {
      await responses.fail(request, { code: await options.explainExhaustion(), retryable: true });
    },
    onOutcome: (outcome) => metrics.deliveries.inc({ consumer: durable, outcome }),
    logger: options.logger,
  });
};

const work = async (
  request: OptimizeRequest,
  signal: AbortSignal,
  { lane, responses, folders, metrics, failpoint, logger: parent }: LaneConsumerOptions,
): Promise<void> => {
  // Before anything that a media object would need.
  if (request.probe === true) return responses.succeed(request, 'probe', {});
  const logger = parent.child({ media_object_id: request.mediaId, epoch: request.epoch });
  await folders.withFolder(async (folder) => {
    const job = new Job({ request, folder, signal, logger, failpoint, metrics });
    try {
      await lane.run(job);
      logger.info('request done');
    } catch (error) {
      if (!(error instanceof MediaFailure)) throw error;
      logger.warn({ code: error.code, detail: error.detail }, 'the media object can not be processed');
      await job.step('respond', () => responses.fail(request, error));
    }
    failpoint('worker.before_ack');
  });
};
