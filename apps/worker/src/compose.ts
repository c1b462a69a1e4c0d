import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { createFailpoint } from '@claimcheck/platform/failpoint/failpoint';
import { Bus } from '@claimcheck/platform/nats/bus';
import { waitForStreams } from '@claimcheck/platform/nats/wiring';
import { type AdminServer, startAdminServer } from '@claimcheck/platform/process/admin-server';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { Shutdown } from '@claimcheck/platform/process/shutdown';
import { Storage } from '@claimcheck/platform/s3/storage';
import { createTracing } from '@claimcheck/platform/tracing/create-tracing';
import { toTraceSettings } from '@claimcheck/platform/tracing/trace-variables';
import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import { ClamdClient } from './clamd/clamd-client.ts';
import type { WorkerConfig } from './config.ts';
import { describeWorker } from './describe-worker.ts';
import { Ffmpeg } from './ffmpeg/ffmpeg.ts';
import { DiskBudget } from './job/disk-budget.ts';
import { diskNeed, freeShare } from './job/disk-need.ts';
import { JobFolders } from './job/job-folders.ts';
import { Responses } from './job/responses.ts';
import { isRescan } from './lanes/is-rescan.ts';
import { createLaneConsumer, type LaneConsumerOptions } from './lanes/lane-consumer.ts';
import { MediaLane } from './lanes/media.ts';
import { RescanLane } from './lanes/rescan.ts';
import { TranscodeLane } from './lanes/transcode.ts';
import { createMetrics, type WorkerMetrics } from './metrics.ts';

const STREAMS_ABSENT_MS = 60_000;
const STREAMS_DRIFT_MS = 10_000;
/** Less than a shutdown step may take: what is aborted then still has to clean up. */
const GRACE_MS = 6_000;

/**
 * Starts the worker; what it opens is registered with `shutdown` as it goes.
 * @throws WiringError when the streams don't come or take other subjects; Error when a dependency is away
 */
export const startWorker = async (
  config: WorkerConfig,
  options: { logger: Logger; shutdown: Shutdown; signal: AbortSignal },
): Promise<void> => {
  const { logger, shutdown } = options;
  const metrics = createMetrics(config.LANES.map((lane) => CONSUMERS[lane]));
  const folders = await JobFolders.create(config.TEMP_DIR);
  shutdown.add('temporary files', () => folders.remove());

  const storage = openStorage(config, metrics);
  shutdown.add('storage', () => storage.close());
  const scanner = openScanner(config);
  if (scanner !== undefined) metrics.watchSignatures(() => scanner.signatureAge());
  const tracing = await openTracing(config, logger);
  shutdown.add('traces', () => tracing.close());
  const bus = await openBus(config, logger, tracing);
  shutdown.add('broker', () => bus.close());
  let consuming = false;
  const admin = await openAdminServer(config, {
    metrics,
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

  const responses = new Responses(bus);
  const maxPixels = config.MAX_IMAGE_PIXELS;
  const ffmpeg = new Ffmpeg(config.programs, { maxPixels });
  const disk = new DiskBudget(config.JOB_DISK_BYTES ?? (await freeShare(config.TEMP_DIR)));
  metrics.diskReserved(() => disk.used);
  await examineScanner(scanner, config, logger);
  const shared = {
    bus,
    responses,
    folders,
    disk,
    largeBytes: config.LARGE_OBJECT_BYTES,
    metrics,
    failpoint: createFailpoint(config.FAILPOINT, logger),
    logger,
    maxAttempts: config.MAX_ATTEMPTS,
    ackWaitMs: config.ACK_WAIT,
    describe: () => describeWorker({ storage, ffmpeg, scanner, scanPolicy: config.SCAN_POLICY }),
  };
  const tools = { storage, responses, ffmpeg, maxPixels };
  const first = config.SCAN_POLICY === 'deliver' ? 'derivatives' : 'verdict';
  const media = new MediaLane({ ...tools, scanner, first });
  const rescan = new RescanLane({ storage, responses, scanner });
  const delivery = { mode: config.VIDEO_DELIVERY, hlsFromMs: config.HLS_MIN_DURATION };
  const lanes: Record<WorkerConfig['LANES'][number], LaneConsumerOptions> = {
    media: {
      ...shared,
      durable: CONSUMERS.media,
      subject: bus.subjects.optimizeRequest,
      concurrency: config.MEDIA_CONCURRENCY,
      lane: { run: (job) => (isRescan(job.request) ? rescan : media).run(job) },
      diskNeed: (request) => diskNeed(request, 'media'),
      explainExhaustion: async () => ((await isAway(scanner)) ? 'no_verdict' : 'processing_failed'),
    },
    transcode: {
      ...shared,
      durable: CONSUMERS.transcode,
      subject: bus.subjects.transcodeRequest,
      concurrency: config.TRANSCODE_CONCURRENCY,
      lane: new TranscodeLane({ ...tools, delivery }),
      diskNeed: (request) => diskNeed(request, 'transcode'),
      explainExhaustion: async () => 'processing_failed',
    },
  };
  const consumers = config.LANES.map((name) => createLaneConsumer(lanes[name]));
  shutdown.add('consumers', async () => {
    admin.drain();
    await Promise.all(consumers.map((consumer) => consumer.stop(GRACE_MS)));
  });
  await Promise.all(consumers.map((consumer) => consumer.start()));
  consuming = true;
  logger.info(
    {
      lanes: config.LANES,
      admin_port: admin.port,
      scan: scanner === undefined ? 'skipped' : config.SCAN_POLICY,
    },
    'worker is ready',
  );
};

const openStorage = (config: WorkerConfig, metrics: WorkerMetrics): Storage =>
  new Storage({
    endpoint: config.S3_ENDPOINT,
    publicEndpoint: config.S3_PUBLIC_ENDPOINT,
    region: config.S3_REGION,
    bucket: config.S3_BUCKET,
    accessKeyId: config.S3_ACCESS_KEY_ID,
    secretAccessKey: config.S3_SECRET_ACCESS_KEY,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    onRequest: metrics.onStorageRequest,
  });

const openScanner = (config: WorkerConfig): ClamdClient | undefined =>
  config.CLAMAV_HOST === undefined || config.SCAN_POLICY === 'off'
    ? undefined
    : new ClamdClient({
        host: config.CLAMAV_HOST,
        port: config.CLAMAV_PORT,
        maxBytes: config.CLAMAV_MAX_BYTES,
        timeoutMs: config.CLAMAV_TIMEOUT,
      });

/**
 * Learns the limit of clamd and tells what is wrong with its configuration. A clamd that is away tells its
 * limit later, by refusing: that is `unscannable` too, after the bytes were sent.
 */
const examineScanner = async (
  scanner: ClamdClient | undefined,
  config: WorkerConfig,
  logger: Logger,
): Promise<void> => {
  if (scanner === undefined) return;
  try {
    const stream_max_bytes = await scanner.readLimit();
    const fields = { stream_max_bytes, clamav_max_bytes: config.CLAMAV_MAX_BYTES };
    if (stream_max_bytes < config.CLAMAV_MAX_BYTES)
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
    service: `${config.APP_NAME}-worker`,
    ...toTraceSettings(config),
    onLost: (spans, error) => logger.warn({ err: error, spans }, 'traces were not taken'),
  });

const openBus = (config: WorkerConfig, logger: Logger, tracing: Tracing): Promise<Bus> =>
  Bus.connect({
    url: config.NATS_URL,
    name: `${config.APP_NAME}-worker`,
    appName: config.APP_NAME,
    overrides: {
      optimizeRequest: config.SUBJECT_OPTIMIZE_REQUEST,
      optimizeResponse: config.SUBJECT_OPTIMIZE_RESPONSE,
      virus: config.SUBJECT_VIRUS,
    },
    logger,
    tracing,
  });

const openAdminServer = (
  config: WorkerConfig,
  parts: {
    metrics: ReturnType<typeof createMetrics>;
    bus: Bus;
    storage: Storage;
    scanner: ClamdClient | undefined;
    isConsuming: () => boolean;
  },
): Promise<AdminServer> => {
  const { metrics, bus, storage, scanner, isConsuming } = parts;
  return startAdminServer({
    port: config.ADMIN_PORT,
    roles: config.LANES,
    registry: metrics.registry,
    checks: {
      broker: () => bus.check(),
      storage: () => storage.check(),
      // The server is open while the worker still waits for its streams: alive, and not ready.
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
    ...config.LANES.map((lane) => requests[lane]),
    ...config.LANES.map((lane) => subjects.deadLetter(CONSUMERS[lane])),
    subjects.optimizeResponse,
    ...(config.LANES.includes('media') ? [subjects.virus] : []),
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
