import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Logger } from '../process/logger.ts';
import { StartError } from '../process/start-error.ts';
import type { Bus } from './bus.ts';
import { subjectsRead } from './subjects-read.ts';

/** No stream takes a subject: messages published there are lost, and those expected there never arrive. */
class WiringError extends StartError {
  constructor(subjects: readonly string[], stream: string, taken: readonly string[] | undefined) {
    const there =
      taken === undefined ? `there is no stream ${stream}` : `the stream ${stream} takes ${taken.join(', ')}`;
    super(
      `No JetStream stream takes ${subjects.join(', ')}; ${there}. The api creates the streams: ` +
        'is it running, with the same APP_NAME and SUBJECT_… variables, on the same NATS server?',
    );
    this.name = 'WiringError';
  }
}

export interface WaitOptions {
  /** Time for the api to create its streams. Milliseconds. */
  absentMs: number;
  /** Time for existing streams to change: after that the names are wrong, not early. Milliseconds. */
  driftMs: number;
  logger: Logger;
  signal: AbortSignal;
}

const POLL_MS = 500;

/** Waits until every subject belongs to a stream. @throws WiringError that names both sides */
export const waitForStreams = async (
  bus: Bus,
  subjects: readonly string[],
  { absentMs, driftMs, logger, signal }: WaitOptions,
): Promise<void> => {
  const began = performance.now();
  let missing = await withoutStream(bus, subjects);
  if (missing.length > 0) logger.warn({ subjects: missing }, 'waiting for the streams of these subjects');
  while (missing.length > 0) {
    const taken = await bus.subjectsTaken();
    const patience = taken === undefined ? absentMs : driftMs;
    if (performance.now() - began > patience) throw new WiringError(missing, bus.streams.media.name, taken);
    await pause(POLL_MS, undefined, { signal });
    missing = await withoutStream(bus, missing);
  }
};

const withoutStream = async (bus: Bus, subjects: readonly string[]): Promise<string[]> => {
  const streams = await Promise.all(subjects.map((subject) => bus.streamOf(subject)));
  return subjects.filter((_, index) => streams[index] === undefined);
};

/** Returns the broker's information on the consumers of the media and storage streams. */
export const consumersOf = async (bus: Bus): Promise<ConsumerInfo[]> => {
  const consumers: ConsumerInfo[] = [];
  for (const { name } of [bus.streams.media, bus.streams.storage])
    for await (const consumer of bus.manager.consumers.list(name)) consumers.push(consumer);
  return consumers;
};

const STILL_USED_MS = 3_600_000;

/**
 * Returns subjects with messages and without a consumer: those of our requests, and all others that the media stream
 * received recently, such as the answers of a worker with another name for them.
 */
export const unreadSubjects = async (bus: Bus, consumers: readonly ConsumerInfo[]): Promise<string[]> => {
  const { subjects, streams } = bus;
  const read = new Set(consumers.flatMap(({ config }) => subjectsRead(config)));
  const requests = [subjects.optimizeRequest, subjects.transcodeRequest];
  const others = ((await bus.subjectsTaken()) ?? []).filter(
    (subject) => !requests.includes(subject) && !read.has(subject),
  );
  const unread = requests.filter((subject) => !read.has(subject));
  for (const subject of others) {
    const last = await bus.manager.streams.getMessage(streams.media.name, { last_by_subj: subject });
    if (last !== null && Date.now() - last.time.getTime() < STILL_USED_MS) unread.push(subject);
  }
  return unread;
};

/** Returns the age in seconds of the oldest message that a consumer has not acknowledged; 0 if none waits. */
export const oldestAge = async (bus: Bus, info: ConsumerInfo): Promise<number> => {
  if (info.num_pending + info.num_ack_pending === 0) return 0;
  const read = subjectsRead(info.config);
  const oldest = await Promise.all(
    (read.length === 0 ? ['>'] : read).map((subject) => {
      const seq = info.ack_floor.stream_seq + 1;
      const next: { seq: number; next_by_subj?: string } = { seq, next_by_subj: subject };
      // It was removed or acknowledged since the consumer was asked.
      return bus.manager.streams.getMessage(info.stream_name, next).catch(() => null);
    }),
  );
  const ages = oldest.map((message) => (message === null ? 0 : Date.now() - message.time.getTime()));
  return Math.max(0, ...ages) / 1_000;
};
