import { mediaUpdatedSchema } from '@claimcheck/contracts/broker-events';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { JetStreamConsumer } from '@claimcheck/platform/nats/consumer';
import type { Outcome } from '@claimcheck/platform/nats/delivery';
import type { Logger } from '@claimcheck/platform/process/logger';
import type { WebhookSender } from '../webhook/webhook-sender.ts';

interface WebhooksOptions {
  bus: Bus;
  sender: WebhookSender;
  /** After the last of them an event is a dead letter. */
  maxAttempts: number;
  logger: Logger;
  onDelivery: (consumer: string, outcome: Outcome) => void;
}

/** With a minute between two attempts, a host may be down for more than an hour. */
export const WEBHOOK_ATTEMPTS = 75;
const CONCURRENCY = 8;
const ACK_WAIT_MS = 30_000;

/**
 * Sends facts about media objects to the host's webhook: a further consumer of the broker, with its retries and dead
 * letters. The id of a delivery is the same in every attempt, so the host can recognise a repetition.
 */
export const createWebhookConsumer = ({ bus, sender, maxAttempts, logger, onDelivery }: WebhooksOptions) =>
  new JetStreamConsumer({
    bus,
    stream: bus.streams.facts.name,
    durable: CONSUMERS.webhooks,
    subject: bus.subjects.mediaUpdated,
    schema: mediaUpdatedSchema,
    concurrency: CONCURRENCY,
    ackWaitMs: ACK_WAIT_MS,
    maxAttempts,
    logger,
    onOutcome: (outcome) => onDelivery(CONSUMERS.webhooks, outcome),
    handle: async ({ media }, { signal }) => {
      const id = `${media.media_object_id}.${media.rev}`;
      await sender.send(id, { type: 'media.updated', data: { media } }, signal);
    },
  });
