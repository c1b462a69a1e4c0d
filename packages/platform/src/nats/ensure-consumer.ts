import { AckPolicy, JetStreamApiError } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { Logger } from '../process/logger.ts';
import type { Bus } from './bus.ts';
import { subjectsRead } from './subjects-read.ts';

export interface DurableConsumer {
  bus: Bus;
  stream: string;
  durable: string;
  /** A subject that it reads. */
  subject: string;
  ackWaitMs: number;
}

const CONSUMER_EXISTS = 10_148;

/**
 * Creates the durable consumer, or updates it to these settings; waiting messages stay. Subjects that it already reads stay
 * too, and this one is added with a warning. Removing them would silence every process that uses the other name, be it
 * because one of them is misnamed or because a release is being rolled out.
 */
export const ensureConsumer = async (wanted: DurableConsumer, logger: Logger): Promise<void> => {
  const { bus, stream, durable, subject } = wanted;
  const settings = { ack_wait: nanos(wanted.ackWaitMs), max_deliver: -1 };
  const { consumers } = bus.manager;
  try {
    const made = { durable_name: durable, ack_policy: AckPolicy.Explicit, filter_subject: subject };
    await consumers.add(stream, { ...made, ...settings });
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error;
    const { config } = await consumers.info(stream, durable);
    const read = subjectsRead(config);
    const isRead = read.includes(subject);
    // Only if necessary: it would overwrite what another process adds at the same time.
    if (isRead && config.ack_wait === settings.ack_wait && config.max_deliver === settings.max_deliver)
      return;
    if (!isRead)
      logger.warn(
        { consumer: durable, read, reads: [...read, subject] },
        'the consumer reads one subject more now: another process has other SUBJECT_ variables, or had',
      );
    // The broker merges an update with the existing settings, and refuses a consumer that has both fields.
    const filter = isRead ? {} : { filter_subject: undefined, filter_subjects: [...read, subject] };
    await consumers.update(stream, durable, { ...settings, ...filter });
  }
};
