import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '@claimcheck/platform/bus';
import type { Logger } from '@claimcheck/platform/logger';

/** A subject that no stream takes: what is published there is lost, what is awaited there never comes. */
class WiringError extends Error {
  constructor(subjects: readonly string[]) {
    super(
      `No JetStream stream takes ${subjects.join(', ')}. The api creates the streams: ` +
        'is it running, with the same APP_NAME and SUBJECT_… variables, on the same NATS server?',
    );
    this.name = 'WiringError';
  }
}

const POLL_MS = 500;

/** Waits until every subject belongs to a stream. @throws WiringError after `timeoutMs` */
export const waitForStreams = async (
  bus: Bus,
  subjects: readonly string[],
  options: { timeoutMs: number; logger: Logger; signal: AbortSignal },
): Promise<void> => {
  const deadline = performance.now() + options.timeoutMs;
  let missing = await withoutStream(bus, subjects);
  if (missing.length > 0)
    options.logger.warn({ subjects: missing }, 'waiting for the streams of these subjects');
  while (missing.length > 0) {
    if (performance.now() > deadline) throw new WiringError(missing);
    await pause(POLL_MS, undefined, { signal: options.signal });
    missing = await withoutStream(bus, missing);
  }
};

const withoutStream = async (bus: Bus, subjects: readonly string[]): Promise<string[]> => {
  const streams = await Promise.all(subjects.map((subject) => bus.streamOf(subject)));
  return subjects.filter((_, index) => streams[index] === undefined);
};
