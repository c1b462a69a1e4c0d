import { AckPolicy, JetStreamApiError } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { Bus } from './bus.ts';
import type { Logger } from './logger.ts';

export interface DurableConsumer {
  bus: Bus;
  stream: string;
  durable: string;
  /** The one subject that it reads. */
  subject: string;
  ackWaitMs: number;
}

const CONSUMER_EXISTS = 10_148;

/**
 * Makes the durable consumer, or brings it to these settings: what waits in it stays. Says when it read
 * another subject until now, for then another process may still believe in that one.
 */
export const ensureConsumer = async (wanted: DurableConsumer, logger: Logger): Promise<void> => {
  const { bus, stream, durable, subject } = wanted;
  const settings = { filter_subject: subject, ack_wait: nanos(wanted.ackWaitMs), max_deliver: -1 };
  const { consumers } = bus.manager;
  try {
    await consumers.add(stream, { durable_name: durable, ack_policy: AckPolicy.Explicit, ...settings });
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error;
    const { config } = await consumers.info(stream, durable);
    if (config.filter_subject !== subject)
      logger.warn({ read: config.filter_subject, reads: subject }, 'the consumer reads another subject now');
    await consumers.update(stream, durable, settings);
  }
};
