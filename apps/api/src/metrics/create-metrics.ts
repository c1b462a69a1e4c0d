import { CLIENT_REPORT_KINDS, CLIENT_REPORT_REASONS } from '@claimcheck/contracts/rest';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Database } from '@claimcheck/database/database';
import { OUTCOMES } from '@claimcheck/platform/nats/delivery';
import {
  Counter,
  createRegistry,
  Gauge,
  Histogram,
  type Registry,
} from '@claimcheck/platform/process/metrics';
import { DIRECT_OUTCOMES } from '../direct/complete-direct-upload.ts';
import { TRIGGERS } from '../direct/direct-uploads.ts';
import { BLOCK_REASONS } from '../media/lifecycle/block-media.ts';
import { FIELDS_WITH_KNOWN_VALUES } from '../media/results/unknown-values.ts';
import { WEBHOOK_STATUSES } from '../webhook/webhook-sender.ts';
import { createAuthorizationMetrics } from './authorization-metrics.ts';
import { createDownloadMetrics } from './download-metrics.ts';
import { createMilestoneMetrics } from './milestone-metrics.ts';
import { createQueryGauges } from './query-gauges.ts';
import { createStorageMetrics } from './storage-metrics.ts';
import { createUploadMetrics } from './upload-metrics.ts';

/** Creates the metrics of workers' messages and of media objects in the background. */
const createDeliveryMetrics = (registers: [Registry]) => {
  const deliveries = new Counter({
    name: 'claimcheck_deliveries_total',
    help: 'Messages taken from the broker, by outcome of the delivery',
    labelNames: ['consumer', 'outcome'],
    registers,
  });
  for (const consumer of [CONSUMERS.results, CONSUMERS.virus, CONSUMERS.storage, CONSUMERS.webhooks])
    for (const outcome of OUTCOMES) deliveries.inc({ consumer, outcome }, 0);
  const unknownValues = new Counter({
    name: 'claimcheck_unknown_values_total',
    help: 'Values in results that this release does not know: skipped, the rest was applied',
    labelNames: ['field'],
    registers,
  });
  for (const field of FIELDS_WITH_KNOWN_VALUES) unknownValues.inc({ field }, 0);
  const blocked = new Counter({
    name: 'claimcheck_media_blocked_total',
    help: 'Media objects blocked: by a verdict, as known bytes uploaded again, as the same bytes as another',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of BLOCK_REASONS) blocked.inc({ reason }, 0);
  const webhookDuration = new Histogram({
    name: 'claimcheck_webhook_duration_seconds',
    help: 'Requests to the webhook of the host, by the class of the answer; none: there was no answer',
    labelNames: ['status'],
    buckets: [0.05, 0.2, 1, 5, 15],
    registers,
  });
  for (const status of WEBHOOK_STATUSES) webhookDuration.zero({ status });
  return {
    deliveries,
    webhookDuration,
    unknownValues,
    blocked,
    results: new Counter({
      name: 'claimcheck_results_total',
      help: 'Results of workers by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    sweeperDecisions: new Counter({
      name: 'claimcheck_sweeper_decisions_total',
      help: 'Decisions of the sweeper; `error`: it will retry',
      labelNames: ['duty', 'decision'],
      registers,
    }),
    fanOutConversations: new Counter({
      name: 'claimcheck_fanout_conversations_total',
      help: 'Conversations notified of a change after its transaction',
      registers,
    }),
  };
};

/** Queues, dead letters, and publishing from the outbox. */
const createBrokerMetrics = (registers: [Registry]) => {
  const deadLetters = new Gauge({
    name: 'claimcheck_dead_letters',
    help: 'Abandoned deliveries that wait for an operator',
    labelNames: ['consumer'],
    registers,
  });
  const queuePending = new Gauge({
    name: 'claimcheck_queue_pending',
    help: 'Messages that a consumer has not acknowledged yet',
    labelNames: ['consumer'],
    registers,
  });
  const queueOldestAge = new Gauge({
    name: 'claimcheck_queue_oldest_age_seconds',
    help: 'Age of the oldest message that a consumer has not acknowledged yet',
    labelNames: ['consumer'],
    registers,
  });
  return {
    deadLetters,
    queuePending,
    queueOldestAge,
    unreadSubjects: new Gauge({
      name: 'claimcheck_subject_without_consumer',
      help: '1 for a subject that is published to and that no consumer reads',
      labelNames: ['subject'],
      registers,
    }),
    outboxPublished: new Counter({
      name: 'claimcheck_outbox_published_total',
      help: 'Outbox messages confirmed by the broker',
      registers,
    }),
    outboxPublishFailures: new Counter({
      name: 'claimcheck_outbox_publish_failures_total',
      help: 'Publishes of outbox messages that the broker did not confirm; each is retried',
      registers,
    }),
    outboxClaimDuration: new Histogram({
      name: 'claimcheck_outbox_claim_duration_seconds',
      help: 'Time to claim the next outbox messages',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
      registers,
    }),
  };
};

/** Checks of direct uploads. */
const createDirectUploadMetrics = (registers: [Registry]) => {
  const directChecks = new Counter({
    name: 'claimcheck_direct_upload_looks_total',
    help: 'Checks of direct uploads in the storage, by trigger and outcome',
    labelNames: ['by', 'settlement'],
    registers,
  });
  for (const by of TRIGGERS)
    for (const settlement of DIRECT_OUTCOMES) directChecks.inc({ by, settlement }, 0);
  return { directChecks };
};

/** Requests, and refusals and reports of clients. */
const createRequestMetrics = (registers: [Registry]) => {
  const clientReports = new Counter({
    name: 'claimcheck_client_reports_total',
    help: 'Errors that clients saw and reported',
    labelNames: ['kind', 'reason'],
    registers,
  });
  for (const kind of CLIENT_REPORT_KINDS)
    for (const reason of CLIENT_REPORT_REASONS) clientReports.inc({ kind, reason }, 0);
  const rateLimited = new Counter({
    name: 'claimcheck_rate_limited_total',
    help: 'Requests refused because their user made too many',
    labelNames: ['limit'],
    registers,
  });
  for (const limit of ['requests', 'client_reports']) rateLimited.inc({ limit }, 0);
  const erasures = new Counter({
    name: 'claimcheck_erasures_total',
    help: 'Completed erasures that hosts requested',
    labelNames: ['what'],
    registers,
  });
  for (const what of ['user', 'conversation', 'media']) erasures.inc({ what }, 0);
  return {
    clientReports,
    rateLimited,
    erasures,
    longPolls: new Gauge({
      name: 'claimcheck_long_polls_waiting',
      help: 'Requests that wait for a media object to change',
      registers,
    }),
    httpDuration: new Histogram({
      name: 'claimcheck_http_request_duration_seconds',
      help: 'Time to answer, uploads and long-polls included',
      labelNames: ['method', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
      registers,
    }),
  };
};

/** Every metric of the api; labels are bounded, never ids. */
export const createMetrics = (database: Database) => {
  const registry: Registry = createRegistry();
  const registers: [Registry] = [registry];
  createQueryGauges(registry, database);
  return {
    registry,
    ...createDeliveryMetrics(registers),
    ...createBrokerMetrics(registers),
    ...createMilestoneMetrics(registry),
    ...createStorageMetrics(registry),
    ...createUploadMetrics(registry),
    ...createDirectUploadMetrics(registers),
    ...createDownloadMetrics(registry),
    ...createAuthorizationMetrics(registry),
    ...createRequestMetrics(registers),
  };
};

export type Metrics = ReturnType<typeof createMetrics>;
