import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { createFailpoint } from '@claimcheck/platform/failpoint/failpoint';
import { Bus } from '@claimcheck/platform/nats/bus';
import { waitForStreams } from '@claimcheck/platform/nats/wiring';
import { type AdminServer, startAdminServer } from '@claimcheck/platform/process/admin-server';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { StartTools } from '@claimcheck/platform/process/run-process';
import { expectAnswer } from '@claimcheck/platform/process/start-error';
import type { StorageKeys } from '@claimcheck/platform/s3/s3-client';
import { Storage } from '@claimcheck/platform/s3/storage';
import { createTracing } from '@claimcheck/platform/tracing/create-tracing';
import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import { ClamdClient } from './clamd/clamd-client.ts';
import type { WorkerConfig } from './config.ts';
import { describeWorker } from './describe-worker.ts';
import { Ffmpeg } from './ffmpeg/ffmpeg.ts';
import { Budget } from './job/budget.ts';
import { diskNeed, freeShare } from './job/disk-need.ts';
import { JobFolders } from './job/job-folders.ts';
import { Responses } from './job/responses.ts';
import { createLaneConsumer, type LaneConsumerOptions } from './lanes/lane-consumer.ts';
import { MediaLane } from './lanes/media.ts';
import { isRescan, RescanLane } from './lanes/rescan.ts';
import { TranscodeLane } from './lanes/transcode.ts';
import { createMetrics, type WorkerMetrics } from './metrics.ts';
import { Pdf } from './pdf/pdf.ts';

const STREAMS_ABSENT_MS = 60_000;
const STREAMS_DRIFT_MS = 10_000;
/** Time after the grace period, in which aborted jobs clean up. */
const CLEAN_UP_MS = 4_000;

/**
 * Starts the worker, and registers with `shutdown` whatever it opens.
 *
 * @returns fields that describe it in the log
 * @throws StartError when the broker does not answer, its streams do not appear, or they have other subjects
 */
export const startWorker = async (
  config: WorkerConfig,
  options: StartTools<WorkerConfig>,
): Promise<Record<string, unknown>> => {
  const { logger, shutdown } = options;
  /** Returns the current secrets. */
  let live = config;
  options.onReload((next) => {
    live = next;
  });
  const metrics = createMetrics(config.lanes.map((lane) => CONSUMERS[lane]));
  const folders = await JobFolders.create(config.tempDir);
  shutdown.add('temporary files', () => folders.remove());

  const storage = openStorage(config, metrics, () => live.storage.keys?.());
  shutdown.add('storage', () => storage.close());
  const scanner = openScanner(config);
  if (scanner !== undefined) metrics.watchSignatures(() => scanner.signatureAge());
  const tracing = await openTracing(config, logger);
  shutdown.add('traces', () => tracing.close());
  const bus = await openBus({ config, url: () => live.natsUrl, logger, tracing });
  shutdown.add('broker', () => bus.close());
  let consuming = false;
  const admin = await openAdminServer(config, {
    metrics,
    logger,
    bus,
    storage,
    scanner,
    isConsuming: () => consuming,
  });
  shutdown.add('admin server', () => admin.close());

  await waitForStreams(bus, subjectsUsed(config, bus), {
    absentMs: STREAMS_ABSENT_MS,
    driftMs: STREAMS_DRIFT_MS,
    logger,
    signal: options.signal,
  });

  const disk = new Budget(config.jobDiskBytes ?? (await freeShare(config.tempDir)));
  metrics.diskReserved(() => disk.used);
  await examineScanner(scanner, config, logger);
  const lanes = await composeLanes(config, { logger, metrics, folders, storage, scanner, bus, disk });
  const consumers = config.lanes.map((name) => createLaneConsumer(lanes[name]));
  const stop = async () => {
    admin.drain();
    await Promise.all(consumers.map((consumer) => consumer.stop(config.shutdownGrace)));
  };
  shutdown.add('consumers', stop, config.shutdownGrace + CLEAN_UP_MS);
  await Promise.all(consumers.map((consumer) => consumer.start()));
  consuming = true;
  return {
    lanes: config.lanes,
    admin_port: admin.port,
    scan: scanner === undefined ? 'skipped' : config.scanPolicy,
  };
};

interface LaneTools {
  logger: Logger;
  metrics: WorkerMetrics;
  folders: JobFolders;
  storage: Storage;
  scanner: ClamdClient | undefined;
  bus: Bus;
  disk: Budget;
}

type Lanes = Record<WorkerConfig['lanes'][number], LaneConsumerOptions>;

const composeLanes = async (config: WorkerConfig, tools: LaneTools): Promise<Lanes> => {
  const { logger, storage, scanner, bus } = tools;
  const responses = new Responses(bus);
  const { ffmpeg, pdf } = await openPrograms(config, logger);
  const shared = {
    ...tools,
    responses,
    largeBytes: config.largeObjectBytes,
    failpoint: createFailpoint(config.failpoint, logger),
    maxAttempts: config.maxAttempts,
    ackWaitMs: config.ackWait,
    describe: () => describeWorker({ storage, ffmpeg, pdf, scanner, scanPolicy: config.scanPolicy }),
  };
  const steps = { storage, responses, ffmpeg, pdf, maxPixels: config.maxImagePixels };
  const first = config.scanPolicy === 'deliver' ? 'derivatives' : 'verdict';
  const media = new MediaLane({ ...steps, scanner, first });
  const rescan = new RescanLane({ storage, responses, scanner });
  const delivery = { mode: config.videoDelivery, hlsFromMs: config.hlsMinDuration };
  return {
    media: {
      ...shared,
      durable: CONSUMERS.media,
      subject: bus.subjects.optimizeRequest,
      concurrency: config.mediaConcurrency,
      lane: {
        run: (job) => (isRescan(job.request) ? rescan : media).run(job),
        judgeAlone: (job) => media.judgeAlone(job),
      },
      checkNeeds: async () => {
        await Promise.all([storage.check(), scanner?.ping()]);
      },
      diskNeed: (request) => diskNeed(request, 'media'),
      explainExhaustion: async () => ((await isAway(scanner)) ? 'no_verdict' : 'processing_failed'),
    },
    transcode: {
      ...shared,
      durable: CONSUMERS.transcode,
      subject: bus.subjects.transcodeRequest,
      concurrency: config.transcodeConcurrency,
      lane: new TranscodeLane({ ...steps, delivery }),
      checkNeeds: () => storage.check(),
      diskNeed: (request) => diskNeed(request, 'transcode'),
      explainExhaustion: async () => 'processing_failed',
    },
  };
};

const openPrograms = async (
  { programs, maxImagePixels, tempDir }: WorkerConfig,
  logger: Logger,
): Promise<{ ffmpeg: Ffmpeg; pdf: Pdf }> => {
  const ffmpeg = new Ffmpeg(programs, { maxPixels: maxImagePixels });
  const pdf = new Pdf(programs);
  if (!pdf.isAvailable) logger.warn('no poppler (pdftoppm, pdfinfo): PDFs have no preview');
  await ffmpeg.examine(tempDir);
  if (ffmpeg.isAvailable && !ffmpeg.canToneMap) logger.warn('ffmpeg lacks the filter zscale: HDR looks grey');
  return { ffmpeg, pdf };
};

const openStorage = (
  { storage }: WorkerConfig,
  metrics: WorkerMetrics,
  keys: () => StorageKeys | undefined,
): Storage =>
  new Storage({
    ...storage,
    keys: storage.keys && (() => keys() ?? { accessKeyId: '', secretAccessKey: '' }),
    onRequest: metrics.onStorageRequest,
  });

const openScanner = (config: WorkerConfig): ClamdClient | undefined =>
  config.clamavHost === undefined || config.scanPolicy === 'off'
    ? undefined
    : new ClamdClient({
        host: config.clamavHost,
        port: config.clamavPort,
        maxBytes: config.clamavMaxBytes,
        timeoutMs: config.clamavTimeout,
      });

/**
 * Finds the limit of clamd, and reports faults in its configuration. A clamd that is down shows its limit later, by refusing:
 * that is `unscannable` too, after the bytes were sent.
 */
const examineScanner = async (
  scanner: ClamdClient | undefined,
  config: WorkerConfig,
  logger: Logger,
): Promise<void> => {
  if (scanner === undefined) return;
  try {
    const stream_max_bytes = await scanner.readLimit();
    const fields = { stream_max_bytes, clamav_max_bytes: config.clamavMaxBytes };
    if (stream_max_bytes < config.clamavMaxBytes)
      logger.warn(fields, 'clamd takes smaller files than CLAMAV_MAX_BYTES says: see StreamMaxLength');
    else logger.info(fields, 'largest file that is scanned');
    const missing_options = await scanner.missingOptions();
    if (missing_options.length > 0)
      logger.warn({ missing_options }, 'clamd calls clean what it could not look into: set these options');
  } catch (error) {
    logger.warn({ err: error }, 'clamd could not be asked for its limits and options');
  }
};

const openTracing = (config: WorkerConfig, logger: Logger): Promise<Tracing> =>
  createTracing({
    service: `${config.appName}-worker`,
    ...config.traces,
    onLost: (spans, error) => logger.warn({ err: error, spans }, 'traces were not taken'),
  });

const openBus = ({
  config,
  url,
  logger,
  tracing,
}: {
  config: WorkerConfig;
  url: () => string;
  logger: Logger;
  tracing: Tracing;
}): Promise<Bus> =>
  expectAnswer({ name: 'NATS', variable: 'NATS_URL' }, () =>
    Bus.connect({
      url,
      files: config.brokerFiles,
      name: `${config.appName}-worker`,
      appName: config.appName,
      overrides: config.subjectOverrides,
      logger,
      tracing,
    }),
  );

const openAdminServer = (
  config: WorkerConfig,
  parts: {
    metrics: ReturnType<typeof createMetrics>;
    logger: Logger;
    bus: Bus;
    storage: Storage;
    scanner: ClamdClient | undefined;
    isConsuming: () => boolean;
  },
): Promise<AdminServer> => {
  const { metrics, logger, bus, storage, scanner, isConsuming } = parts;
  return startAdminServer({
    port: config.adminPort,
    roles: config.lanes,
    registry: metrics.registry,
    logger,
    checks: {
      broker: () => bus.check(),
      storage: () => storage.check(),
      // The admin server is open while the worker still waits for its streams: alive, but not ready.
      consumers: async () => {
        if (!isConsuming()) throw new Error('the consumers do not run yet');
      },
      ...(scanner === undefined ? {} : { scanner: () => scanner.ping() }),
    },
  });
};

const subjectsUsed = (config: WorkerConfig, { subjects }: Bus): string[] => {
  const requests = { media: subjects.optimizeRequest, transcode: subjects.transcodeRequest };
  return [
    ...config.lanes.map((lane) => requests[lane]),
    ...config.lanes.map((lane) => subjects.deadLetter(CONSUMERS[lane])),
    subjects.optimizeResponse,
    ...(config.lanes.includes('media') ? [subjects.virus] : []),
  ];
};

const isAway = async (scanner: ClamdClient | undefined): Promise<boolean> => {
  try {
    await scanner?.ping();
    return false;
  } catch {
    return true;
  }
};
