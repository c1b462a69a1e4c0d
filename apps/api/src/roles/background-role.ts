import { Relay } from '../background/relay.ts';
import { createResultConsumers } from '../background/result-consumers.ts';
import type { Context } from '../compose.ts';

const DRAIN_MS = 5_000;

/** The role `background`: the relay and the consumers of what workers answer. Any number of replicas. */
export const startBackgroundRole = async (context: Context): Promise<void> => {
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
