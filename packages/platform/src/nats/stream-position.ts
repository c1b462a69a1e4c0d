import { setTimeout as pause } from 'node:timers/promises';
import {
  type ConsumerInfo,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { subjectsRead } from './subjects-read.ts';

/** `waiting`: not delivered or not acked · `done`: acked · `lost`: the stream does not contain it. */
export type StreamPosition = 'waiting' | 'done' | 'lost';

export interface PublishedMessage {
  /** `Nats-Msg-Id`. */
  message_id: string;
  stream_seq: number;
}

const NOT_FOUND: readonly number[] = [JetStreamApiCodes.ConsumerNotFound, JetStreamApiCodes.StreamNotFound];

const orUndefined = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof JetStreamApiError && NOT_FOUND.includes(error.code)) return undefined;
    throw error;
  }
};

/** A number alone proves nothing: a stream that was lost and recreated counts from 1. */
const isThere = async (
  manager: JetStreamManager,
  stream: string,
  message: PublishedMessage,
): Promise<boolean> => {
  const stored = await orUndefined(() => manager.streams.getMessage(stream, { seq: message.stream_seq }));
  return stored?.header?.get('Nats-Msg-Id') === message.message_id;
};

const isAcked = (info: ConsumerInfo, message: PublishedMessage): boolean =>
  message.stream_seq <= info.ack_floor.stream_seq;

/**
 * Returns where messages of one stream stand with one of its consumers. A message above the ack floor counts as waiting even
 * if it was acked out of order, because the server reveals no more than that.
 *
 * @throws when the broker does not answer
 */
export const streamPositions = async (
  manager: JetStreamManager,
  options: { stream: string; consumer: string },
  messages: readonly PublishedMessage[],
): Promise<StreamPosition[]> => {
  const { stream, consumer } = options;
  // This comes first: a message acked after it counts as waiting, and the caller asks about it again.
  const info = await orUndefined(() => manager.consumers.info(stream, consumer));
  return Promise.all(
    messages.map(async (message) => {
      if (!(await isThere(manager, stream, message))) return 'lost';
      return info !== undefined && isAcked(info, message) ? 'done' : 'waiting';
    }),
  );
};

/** Returns the last message that a stream holds for one of its consumers; 0 if it holds none. */
const lastSeqFor = async (
  manager: JetStreamManager,
  { stream_name, config }: ConsumerInfo,
): Promise<number> => {
  const last = await Promise.all(
    subjectsRead(config).map((last_by_subj) =>
      orUndefined(() => manager.streams.getMessage(stream_name, { last_by_subj })),
    ),
  );
  return Math.max(0, ...last.map((message) => message?.seq ?? 0));
};

const POLL_MS = 50;

/**
 * Waits until a consumer has acked everything that its subjects hold now. Later messages do not count, which distinguishes a
 * busy consumer that keeps up from one that lags.
 *
 * @param ms time limit in milliseconds
 * @returns false if the time limit came first
 * @throws when the broker does not answer
 */
export const catchesUp = async (
  manager: JetStreamManager,
  options: { stream: string; consumer: string },
  ms: number,
): Promise<boolean> => {
  const { stream, consumer } = options;
  let last: number | undefined;
  for (const end = Date.now() + ms; ; await pause(POLL_MS)) {
    const info = await orUndefined(() => manager.consumers.info(stream, consumer));
    if (info === undefined || info.num_pending + info.num_ack_pending === 0) return true;
    last ??= await lastSeqFor(manager, info);
    if (info.ack_floor.stream_seq >= last) return true;
    if (Date.now() >= end) return false;
  }
};
