import { Database } from '@claimcheck/database/database';
import { RefusalLog } from '@claimcheck/platform/auth/refusal-log';
import { createTokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import { createFailpoint, type Failpoint } from '@claimcheck/platform/failpoint/failpoint';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger, type Logger } from '@claimcheck/platform/process/logger';
import { Shutdown } from '@claimcheck/platform/process/shutdown';
import { expectAnswer } from '@claimcheck/platform/process/start-error';
import { DirectStorage } from '@claimcheck/platform/s3/direct-storage';
import { Storage } from '@claimcheck/platform/s3/storage';
import { createDownloadSigner } from '@claimcheck/platform/signing/create-download-signer';
import { downloadOrigins } from '@claimcheck/platform/signing/download-origins';
import { SignatureCache } from '@claimcheck/platform/signing/signature-cache';
import { createTracing } from '@claimcheck/platform/tracing/create-tracing';
import type { Tracing } from '@claimcheck/platform/tracing/tracing';
import { Announcer } from './background/announcer.ts';
import { observeMilestones } from './background/observe-milestones.ts';
import { OutboxClaims } from './background/outbox-claims.ts';
import { OutboxSender } from './background/outbox-sender.ts';
import { OutboxSignal } from './background/outbox-signal.ts';
import { OWN_LEASE_MS, OwnOutbox } from './background/own-outbox.ts';
import type { Config } from './config.ts';
import { DirectUploads } from './direct/direct-uploads.ts';
import { countUploads } from './metrics/count-uploads.ts';
import { createMetrics, type Metrics } from './metrics/create-metrics.ts';
import type { HttpContext } from './request/context.ts';
import { MediaPasses } from './request/media-passes.ts';
import { MediaWaiters } from './request/media-waiters.ts';
import { SharedCounters } from './request/shared-counters.ts';
import { StreamSlots } from './request/stream-slots.ts';
import { UploadTickets } from './request/upload-tickets.ts';
import { toDomainConfig } from './to-domain-config.ts';

/** Time that a viewer waits while every connection for proxied downloads is in use. */
const STREAM_WAIT_MS = 2_000;

/** Time that the storage gets beyond a viewer's patience before it counts as stopped. */
const STORE_PATIENCE_MS = 30_000;

/** A configuration without keys does not replace one with keys. */
const NO_KEYS = { accessKeyId: '', secretAccessKey: '' };

export interface Context extends HttpContext {
  bus: Bus;
  outboxSignal: OutboxSignal;
  shutdown: Shutdown;
}

export interface Tools {
  logger: Logger;
  shutdown: Shutdown;
  /** Calls a listener with the configuration after a secret was replaced. */
  onReload: (listener: (config: Config) => void) => void;
}

/** Returns the configuration with the current secrets. */
type Live = () => Config;

/** Creates everything that the roles share, once. `shutdown` closes it. */
export const compose = async (config: Config, tools: Partial<Tools> = {}): Promise<Context> => {
  const { logger = createLogger('api', config.logLevel) } = tools;
  const { shutdown = new Shutdown(logger) } = tools;
  let latest = config;
  const live: Live = () => latest;
  const tracing = await createTracing({
    service: `${config.appName}-api`,
    ...config.traces,
    onLost: (spans, error) => logger.warn({ err: error, spans }, 'traces were not taken'),
  });
  shutdown.add('traces', () => tracing.close());
  const bus = await connectBus(config, live, { logger, tracing });
  shutdown.add('broker', () => bus.close());
  const failpoint = createFailpoint(config.failpoints, logger);
  const { database, metrics, outboxSignal } = openDatabase(config, {
    logger,
    shutdown,
    tracing,
    bus,
    failpoint,
  });
  const storage = openStorage(config, live, metrics);
  shutdown.add('storage', () => storage.close());
  const counters = new SharedCounters(bus);
  shutdown.add('counters', () => counters.stop());
  await expectAnswer({ name: 'Postgres', variable: 'DATABASE_URL' }, () => database.check());
  await bus.ensureStreams();
  const settings = toDomainConfig(config);
  const { tickets, passes } = signers(config);
  const signer = new SignatureCache(createDownloadSigner(storage, config.cdn));
  tools.onReload?.((next) => {
    latest = next;
    signer.forget();
    database.changeUrl(next.databaseUrl);
    tickets?.replaceKeys(next.tokenSecrets ?? []);
    passes?.replaceKeys(next.tokenSecrets ?? []);
  });
  const shared = { database, settings, storage, failpoint, logger };
  return {
    ...shared,
    ...{ config, shutdown, tracing, bus, outboxSignal, metrics, tickets, passes },
    streamSlots: new StreamSlots({ ...config.proxiedDownloads, waitMs: STREAM_WAIT_MS }),
    signer,
    downloadOrigins: await downloadOrigins(storage.publicClient, config.storage, config.cdn),
    verifyToken: createTokenVerifier({
      ...config.token,
      secrets: config.token.secrets && (() => live().token.secrets?.() ?? []),
    }),
    refusals: new RefusalLog(logger),
    waiters: new MediaWaiters(bus),
    counters,
    directUploads: new DirectUploads({
      ...shared,
      direct: new DirectStorage(storage),
      onChecked: (by, settlement) => metrics.directChecks.inc({ by, settlement }),
    }),
  };
};

const connectBus = (
  config: Config,
  live: Live,
  { logger, tracing }: { logger: Logger; tracing: Tracing },
): Promise<Bus> =>
  expectAnswer({ name: 'NATS', variable: 'NATS_URL' }, () =>
    Bus.connect({
      url: () => live().natsUrl,
      files: config.brokerFiles,
      name: `${config.appName}-api`,
      appName: config.appName,
      overrides: config.subjectOverrides,
      streamReplicas: config.streamReplicas,
      streamBytes: config.streamBytes,
      logger,
      tracing,
    }),
  );

/** The database, with what follows a commit: announcements, counters, and the outbox of this process. */
const openDatabase = (
  config: Config,
  parts: { logger: Logger; shutdown: Shutdown; tracing: Tracing; bus: Bus; failpoint: Failpoint },
) => {
  const { logger, shutdown, tracing, bus, failpoint } = parts;
  const outboxSignal = new OutboxSignal(bus);
  const database: Database = new Database({
    url: config.databaseUrl,
    poolSize: config.databasePoolSize,
    traceparent: () => tracing.traceparent(),
    claim: () => ownOutbox.claim(),
    onCommit: (facts) => {
      announcer.announce(facts);
      countUploads(facts, metrics);
      observeMilestones(facts, { database, logger, onMilestone: metrics.onMilestone });
    },
  });
  const metrics = createMetrics(database);
  shutdown.add('database', () => database.close());
  const sender = new OutboxSender({
    claims: new OutboxClaims(database, OWN_LEASE_MS),
    bus,
    logger,
    onPublished: (count) => metrics.outboxPublished.inc(count),
    onFailed: (count) => metrics.outboxPublishFailures.inc(count),
    failpoint,
  });
  const ownOutbox = new OwnOutbox(bus, sender);
  const announcer = new Announcer(bus, outboxSignal, ownOutbox);
  shutdown.add('own outbox', () => ownOutbox.stop());
  return { database, metrics, outboxSignal };
};

const openStorage = (config: Config, live: Live, metrics: Metrics): Storage =>
  new Storage({
    ...config.storage,
    keys: config.storage.keys && (() => live().storage.keys?.() ?? NO_KEYS),
    onRequest: metrics.onStorageRequest,
    downloadStallMs: config.downloadIdleMs + STORE_PATIENCE_MS,
  });

const signers = ({ tokenSecrets }: Config) =>
  tokenSecrets === undefined
    ? { tickets: undefined, passes: undefined }
    : { tickets: new UploadTickets(tokenSecrets), passes: new MediaPasses(tokenSecrets) };
