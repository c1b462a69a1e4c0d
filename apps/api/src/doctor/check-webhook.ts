import { randomUUID } from 'node:crypto';
import { CONSUMERS } from '@claimcheck/contracts/subjects';
import type { Bus } from '@claimcheck/platform/nats/bus';
import type { Config } from '../config.ts';
import { WebhookSender } from '../webhook/webhook-sender.ts';
import { type Check, failed, passed, skipped, warned } from './check.ts';

const NAME = 'webhook';
const MANY = 1_000;

const waitingFor = async (bus: Bus | undefined): Promise<number> => {
  if (bus === undefined) return 0;
  const info = await bus.manager.consumers
    .info(bus.streams.facts.name, CONSUMERS.webhooks)
    .catch(() => undefined);
  return (info?.num_pending ?? 0) + (info?.num_ack_pending ?? 0);
};

/** Sends the host a signed event of type `ping`, and counts the events that wait for it. */
export const checkWebhook = async ({ webhook }: Config, bus: Bus | undefined): Promise<Check> => {
  if (webhook === undefined) return skipped(NAME, 'WEBHOOK_URL is not set');
  const sender = new WebhookSender(webhook, () => {});
  const { host } = new URL(webhook.url);
  try {
    await sender.send(`ping.${randomUUID()}`, { type: 'ping', data: {} });
  } catch (error) {
    return failed(
      NAME,
      `${host}: ${error instanceof Error ? error.message : 'failed'}`,
      'see WEBHOOK_URL, the log of the host, and whether the host verifies with WEBHOOK_SECRET; it answers 2xx, also to types that it does not know',
    );
  }
  const waiting = await waitingFor(bus);
  if (waiting > MANY)
    return warned(
      NAME,
      `${host} answers; ${waiting} events wait`,
      'the host takes less than it is sent: let it only keep what it gets, and work later',
    );
  return passed(NAME, `${host} takes signed events; ${waiting} wait`);
};
