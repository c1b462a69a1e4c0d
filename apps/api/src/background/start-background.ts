import type { Context } from '../compose.ts';
import { Relay } from './relay.ts';
import { createResultConsumers } from './result-consumers.ts';

const DRAIN_MS = 5_000;

/** The role `background`: the relay and the consumers of what workers answer. Any number of replicas. */
export const startBackground = async (context: Context): Promise<void> => {
  const { bus, database, storage, settings, config, logger, metrics, shutdown } = context;
  const relay = new Relay({
    database,
    bus,
    logger,
    onPublished: (count) => metrics.outboxPublished.inc(count),
  });
  relay.start();
  shutdown.add('relay', () => relay.stop());
  const consumers = createResultConsumers({
    database,
    bus,
    storage,
    settings,
    maxAttempts: config.maxAttempts,
    logger,
    onResult: (outcome) => metrics.results.inc({ outcome }),
  });
  for (const consumer of consumers) {
    await consumer.start();
    shutdown.add('result consumer', () => consumer.stop(DRAIN_MS));
  }
};
