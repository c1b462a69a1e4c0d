import { CONSUMERS } from '@claimcheck/contracts/subjects';
import { BrokerWatch } from '../background/broker-watch.ts';
import type { Context } from '../compose.ts';

const EVERY_MS = 15_000;

/** Shows the findings of the broker's watch in the metrics. */
export const startBrokerWatch = ({ bus, config, logger, metrics, shutdown }: Context): void => {
  const requests = [bus.subjects.optimizeRequest, bus.subjects.transcodeRequest];
  for (const subject of requests) metrics.unreadSubjects.set({ subject }, 0);
  const watch = new BrokerWatch({
    bus,
    logger,
    everyMs: EVERY_MS,
    hasWebhooks: config.webhook !== undefined,
    onState: ({ pending, oldestAge, deadLetters, unreadSubjects }) => {
      for (const consumer of Object.values(CONSUMERS)) {
        metrics.queuePending.set({ consumer }, pending.get(consumer) ?? 0);
        metrics.queueOldestAge.set({ consumer }, oldestAge.get(consumer) ?? 0);
        metrics.deadLetters.set({ consumer }, deadLetters.get(consumer) ?? 0);
      }
      metrics.unreadSubjects.reset();
      for (const subject of requests) metrics.unreadSubjects.set({ subject }, 0);
      for (const subject of unreadSubjects) metrics.unreadSubjects.set({ subject }, 1);
    },
  });
  watch.start();
  shutdown.add('broker watch', () => watch.stop());
};
