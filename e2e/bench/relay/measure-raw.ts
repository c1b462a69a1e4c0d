import type { Bus } from '@claimcheck/platform/nats/bus';
import { eventPayload } from './outbox-load.ts';

const WINDOWS = [64, 256, 1_000];

const publishFor = async (bus: Bus, window: number, seconds: number): Promise<number> => {
  const payload = JSON.stringify(eventPayload());
  const subject = bus.subjects.mediaUpdated;
  const began = performance.now();
  const end = began + seconds * 1_000;
  let confirmed = 0;
  const publishSome = async (): Promise<void> => {
    while (performance.now() < end) {
      await bus.jetstream.publish(subject, payload, { timeout: 30_000 });
      confirmed += 1;
    }
  };
  await Promise.all(Array.from({ length: window }, publishSome));
  return confirmed / ((performance.now() - began) / 1_000);
};

/** Measures confirmed publishes a second of the bare client, with the best number in flight. */
export const measureRaw = async (bus: Bus, seconds: number): Promise<number> => {
  await publishFor(bus, 64, 1);
  let best = 0;
  for (const window of WINDOWS) best = Math.max(best, await publishFor(bus, window, seconds));
  return best;
};
