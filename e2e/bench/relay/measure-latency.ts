import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@claimcheck/database/database';
import type { Bus } from '@claimcheck/platform/nats/bus';
import { commitMessages } from './outbox-load.ts';

export interface Latency {
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
}

const PACE_MS = 10;
const LIMIT_MS = 30_000;

const quantile = (sorted: readonly number[], share: number): number => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error('nothing was published');
  return value;
};

/**
 * Measures from the commit until a consumer of the stream has the message, at a steady rate of transactions with one message
 * each. The first second does not count.
 */
export const measureLatency = async (
  database: Database,
  bus: Bus,
  load: { per_second: number; seconds: number },
): Promise<Latency> => {
  const committedAt = new Map<string, number>();
  const arrivedAt = new Map<string, number>();
  const { name } = bus.streams.facts;
  const { state } = await bus.manager.streams.info(name);
  const consumer = await bus.jetstream.consumers.get(name, { opt_start_seq: state.last_seq + 1 });
  const messages = await consumer.consume({
    callback: (message) => {
      arrivedAt.set(message.headers?.get('Nats-Msg-Id') ?? '', performance.now());
    },
  });
  const commitOne = async (): Promise<void> => {
    const [id] = await commitMessages(database, bus.subjects.mediaUpdated, 1);
    if (id !== undefined) committedAt.set(id, performance.now());
  };
  const began = performance.now();
  const total = load.per_second * load.seconds;
  const commits: Promise<void>[] = [];
  while (commits.length < total) {
    const due = Math.min(total, ((performance.now() - began) / 1_000) * load.per_second);
    while (commits.length < due) commits.push(commitOne());
    await pause(PACE_MS);
  }
  await Promise.all(commits);
  const end = performance.now() + LIMIT_MS;
  while (arrivedAt.size < total) {
    if (performance.now() > end) throw new Error(`${arrivedAt.size} of ${total} messages arrived`);
    await pause(PACE_MS);
  }
  await messages.close();
  const counted = [...committedAt].filter(([, at]) => at > began + 1_000);
  const times = counted.map(([id, at]) => Math.max(0, (arrivedAt.get(id) ?? Infinity) - at));
  const sorted = times.toSorted((a, b) => a - b);
  return { p50_ms: quantile(sorted, 0.5), p99_ms: quantile(sorted, 0.99), max_ms: quantile(sorted, 1) };
};
