import { Database } from '@claimcheck/database/database';
import { RefusalLog } from '@claimcheck/platform/auth/refusal-log';
import { createTokenVerifier } from '@claimcheck/platform/auth/token-verifier';
import { createFailpoint } from '@claimcheck/platform/failpoint/failpoint';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger, type Logger } from '@claimcheck/platform/process/logger';
import { Shutdown } from '@claimcheck/platform/process/shutdown';
import { expectAnswer } from '@claimcheck/platform/process/start-error';
import { DirectStorage } from '@claimcheck/platform/s3/direct-storage';
import { Storage } from '@claimcheck/platform/s3/storage';
import { createDownloadSigner } from '@claimcheck/platform/signing/create-download-signer';
import { SignatureCache } from '@claimcheck/platform/signing/signature-cache';
import { createTracing } from '@claimcheck/platform/tracing/create-tracing';
import { Announcer } from './background/announcer.ts';
import { observeMilestones } from './background/observe-milestones.ts';
import { OutboxClaims } from './background/outbox-claims.ts';
import { OutboxSender } from './background/outbox-sender.ts';
import { OutboxSignal } from './background/outbox-signal.ts';
import { OWN_LEASE_MS, OwnOutbox } from './background/own-outbox.ts';
import type { Config } from './config.ts';
import { DirectUploads } from './direct/direct-uploads.ts';
import { countUploads } from './metrics/count-uploads.ts';
import { createMetrics } from './metrics/create-metrics.ts';
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

/** Creates everything that the roles share, once. `shutdown` closes it. */
export const compose = async (config: Config, tools: Partial<Tools> = {}): Promise<Context> => {
  const { logger = createLogger('api', config.logLevel) } = tools;
  const { shutdown = new Shutdown(logger) } = tools;
  /** Returns the current secrets. */
  let live = config;
  const tracing = await createTracing({
    service: `${config.appName}-api`,
    ...config.traces,
    onLost: (spans, error) => logger.warn({ err: error, spans }, 'traces were not taken'),
  });
  shutdown.add('traces', () => tracing.close());
  const broker = { name: 'NATS', variable: 'NATS_URL' };
  const bus = await expectAnswer(broker, () =>
    Bus.connect({
      url: () => live.natsUrl,
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
  shutdown.add('broker', () => bus.close());
  const outboxSignal = new OutboxSignal(bus);
  const failpoint = createFailpoint(config.failpoints, logger);
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
  const storage = new Storage({
    ...config.storage,
    keys: config.storage.keys && (() => live.storage.keys?.() ?? NO_KEYS),
    onRequest: metrics.onStorageRequest,
    downloadStallMs: config.downloadIdleMs + STORE_PATIENCE_MS,
  });
  shutdown.add('storage', () => storage.close());
  const counters = new SharedCounters(bus);
  shutdown.add('counters', () => counters.stop());
  await expectAnswer({ name: 'Postgres', variable: 'DATABASE_URL' }, () => database.check());
  await bus.ensureStreams();
  const settings = toDomainConfig(config);
  const tickets = config.tokenSecrets === undefined ? undefined : new UploadTickets(config.tokenSecrets);
  const passes = config.tokenSecrets === undefined ? undefined : new MediaPasses(config.tokenSecrets);
  const signer = new SignatureCache(createDownloadSigner(storage, config.cdn));
  tools.onReload?.((next) => {
    live = next;
    signer.forget();
    database.changeUrl(next.databaseUrl);
    tickets?.replaceKeys(next.tokenSecrets ?? []);
    passes?.replaceKeys(next.tokenSecrets ?? []);
  });
  return {
    config,
    logger,
    shutdown,
    tracing,
    bus,
    outboxSignal,
    database,
    storage,
    streamSlots: new StreamSlots({ ...config.proxiedDownloads, waitMs: STREAM_WAIT_MS }),
    settings,
    failpoint,
    signer,
    verifyToken: createTokenVerifier({
      ...config.token,
      secrets: config.token.secrets && (() => live.token.secrets?.() ?? []),
    }),
    refusals: new RefusalLog(logger),
    tickets,
    passes,
    waiters: new MediaWaiters(bus),
    counters,
    metrics,
    directUploads: new DirectUploads({
      database,
      settings,
      storage,
      direct: new DirectStorage(storage),
      failpoint,
      logger,
      onChecked: (by, settlement) => metrics.directChecks.inc({ by, settlement }),
    }),
  };
};
