import type { Outcome } from '@claimcheck/platform/nats/delivery';
import { FanOutLoop } from '../background/fan-out-loop.ts';
import { Relay } from '../background/relay.ts';
import { createResultConsumers } from '../background/result-consumers.ts';
import { createStorageEventConsumer } from '../background/storage-events.ts';
import { EXPIRER_OUTCOMES, UploadExpirer } from '../background/upload-expirer.ts';
import { createWebhookConsumer, WEBHOOK_ATTEMPTS } from '../background/webhooks.ts';
import type { Context } from '../compose.ts';
import { UploadSessions } from '../media/uploads/upload-sessions.ts';
import { WebhookSender } from '../webhook/webhook-sender.ts';
import { startBrokerWatch } from './start-broker-watch.ts';
import { startSweeper } from './start-sweeper.ts';

const DRAIN_MS = 5_000;
const EXPIRE_EVERY_MS = 60_000;
const EXPIRE_EVERY_AT_LEAST_MS = 250;

const startUploadExpirer = (context: Context, sessions: UploadSessions): void => {
  const { database, storage, settings, config, logger, metrics, shutdown } = context;
  const duty = 'due_uploads';
  for (const decision of [...EXPIRER_OUTCOMES, 'error']) metrics.sweeperDecisions.inc({ duty, decision }, 0);
  const expirer = new UploadExpirer({
    database,
    sessions,
    storage,
    directUploads: context.directUploads,
    settings,
    logger,
    // Expiry is timely even if the time to live is short.
    everyMs: Math.max(EXPIRE_EVERY_AT_LEAST_MS, Math.min(EXPIRE_EVERY_MS, config.uploadTtlMs / 4)),
    onError: () => metrics.sweeperDecisions.inc({ duty, decision: 'error' }),
    onOutcome: (outcome, { protocol, is_partial }) => {
      metrics.sweeperDecisions.inc({ duty, decision: outcome });
      if (outcome === 'expired' && !is_partial) metrics.uploads.inc({ protocol, outcome });
    },
  });
  expirer.start();
  shutdown.add('expirer', () => expirer.stop());
};

/** Undefined if the host has no webhook. */
const webhooksOf = ({ bus, config, logger, metrics }: Context) => {
  if (config.webhook === undefined) return [];
  const sender = new WebhookSender(config.webhook, (status, seconds) =>
    metrics.webhookDuration.observe({ status }, seconds),
  );
  const onDelivery = (consumer: string, outcome: Outcome) => metrics.deliveries.inc({ consumer, outcome });
  const maxAttempts = Math.max(config.maxAttempts, WEBHOOK_ATTEMPTS);
  return [createWebhookConsumer({ bus, sender, maxAttempts, logger, onDelivery })];
};

/**
 * Runs the role `background`: the relay, the consumers of workers' answers, the fan-out, the expiry of uploads and the
 * sweeper. Safe in any number of replicas.
 */
export const startBackgroundRole = async (context: Context): Promise<void> => {
  const { bus, database, storage, settings, config, failpoint, logger, metrics, shutdown } = context;
  const relay = new Relay({
    database,
    bus,
    signal: context.outboxSignal,
    settings,
    logger,
    onClaimed: (_count, seconds) => metrics.outboxClaimDuration.observe(seconds),
    onPublished: (count) => metrics.outboxPublished.inc(count),
    onFailed: (count) => metrics.outboxPublishFailures.inc(count),
    failpoint,
  });
  relay.start();
  shutdown.add('relay', () => relay.stop());
  const consumers = createResultConsumers({
    database,
    bus,
    storage,
    settings,
    maxAttempts: config.maxAttempts,
    concurrency: config.resultsConcurrency,
    logger,
    onResult: (outcome) => metrics.results.inc({ outcome }),
    failpoint,
    onUnknown: (field) => metrics.unknownValues.inc({ field }),
    onBlocked: (reason) => metrics.blocked.inc({ reason }),
    onDelivery: (consumer, outcome) => metrics.deliveries.inc({ consumer, outcome }),
  });
  const storageEvents = createStorageEventConsumer({
    database,
    bus,
    bucket: settings.bucket,
    directUploads: context.directUploads,
    maxAttempts: config.maxAttempts,
    logger,
    onDelivery: (consumer, outcome) => metrics.deliveries.inc({ consumer, outcome }),
  });
  for (const consumer of [...consumers, storageEvents, ...webhooksOf(context)]) {
    await consumer.start();
    shutdown.add('consumer', () => consumer.stop(DRAIN_MS));
  }
  const fanOut = new FanOutLoop({
    database,
    settings,
    logger,
    onTold: (conversations) => metrics.fanOutConversations.inc(conversations),
  });
  fanOut.start();
  shutdown.add('fan-out', () => fanOut.stop());
  // It owns its leases under a separate name, so that the role http does not mistake them for its own.
  const sessions = new UploadSessions(database, settings);
  await sessions.start((error) => logger.error({ err: error }, 'heartbeat failed'));
  shutdown.add('background leases', () => sessions.stop());
  startUploadExpirer(context, sessions);
  startSweeper(context, sessions);
  startBrokerWatch(context);
};
