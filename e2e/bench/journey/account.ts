import { rounded } from '../measure/median.ts';
import { type BrokerCounts, readBroker } from './broker-counters.ts';
import type { PostgresCounters, PostgresCounts } from './postgres-counters.ts';
import { cpuOfTree } from './process-cpu.ts';

interface Totals {
  at: number;
  cpu_ms: Record<string, number>;
  postgres: PostgresCounts;
  broker: BrokerCounts;
}

/** The resources that some work took, or that it takes per second. */
export interface Costs {
  cpu_ms: Record<string, number>;
  statements: Record<string, number>;
  commits: number;
  /** Commits that wrote something: each waits for the disk. */
  writing_commits: number;
  wal_bytes: number;
  rows_written: number;
  updates: number;
  /** Share of updates that touched no index. */
  hot_share: number;
  stream_messages: number;
  stream_bytes: number;
  broker_messages_in: number;
}

export interface AccountOptions {
  /** Process ids by name. */
  pids: Record<string, number>;
  counters: PostgresCounters;
  monitorUrl: string;
  appName: string;
}

/** Backends report rows and commits within 10 s after they fall silent; the other counters are current. */
export const COUNTED_WITHIN_MS = 10_500;

/** Reads all counters of processes, Postgres and the broker, and returns the difference. */
export class Account {
  readonly #options: AccountOptions;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  async read(): Promise<Totals> {
    const { pids, counters, monitorUrl, appName } = this.#options;
    const cpu = Object.entries(pids).map(async ([name, pid]) => [name, await cpuOfTree(pid)] as const);
    return {
      at: performance.now(),
      cpu_ms: Object.fromEntries(await Promise.all(cpu)),
      postgres: await counters.read(),
      broker: await readBroker(monitorUrl, appName),
    };
  }
}

const differences = (before: Record<string, number>, after: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));

type Counts = Omit<Costs, 'hot_share'> & { hot_updates: number };

const between = (before: Totals, after: Totals): Counts => {
  const { statements, ...postgres } = after.postgres;
  const numbers = differences({ ...before.postgres, statements: 0 }, { ...postgres });
  return {
    cpu_ms: differences(before.cpu_ms, after.cpu_ms),
    statements: differences(before.postgres.statements, statements),
    commits: numbers.commits ?? 0,
    writing_commits: numbers.writing_commits ?? 0,
    wal_bytes: numbers.wal_bytes ?? 0,
    rows_written: numbers.rows_written ?? 0,
    updates: numbers.updates ?? 0,
    hot_updates: numbers.hot_updates ?? 0,
    stream_messages: after.broker.stream_messages - before.broker.stream_messages,
    stream_bytes: after.broker.stream_bytes - before.broker.stream_bytes,
    broker_messages_in: after.broker.messages_in - before.broker.messages_in,
  };
};

export const secondsBetween = (before: Totals, after: Totals): number => (after.at - before.at) / 1_000;

/**
 * Returns the cost of each of `units`.
 *
 * @param idle costs of a second without any, which are subtracted
 */
export const costsOf = (before: Totals, after: Totals, units: number, idle?: Costs): Costs => {
  const counts = between(before, after);
  const seconds = secondsBetween(before, after);
  const each = (value: number, idlePerSecond = 0) => rounded((value - idlePerSecond * seconds) / units);
  const eachOf = (values: Record<string, number>, idles: Record<string, number> = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, each(value, idles[name])]));
  return {
    cpu_ms: eachOf(counts.cpu_ms, idle?.cpu_ms),
    statements: eachOf(counts.statements, idle?.statements),
    commits: each(counts.commits, idle?.commits),
    writing_commits: each(counts.writing_commits, idle?.writing_commits),
    wal_bytes: Math.round(each(counts.wal_bytes, idle?.wal_bytes)),
    rows_written: each(counts.rows_written, idle?.rows_written),
    updates: each(counts.updates, idle?.updates),
    hot_share: counts.updates === 0 ? 0 : rounded(counts.hot_updates / counts.updates),
    stream_messages: each(counts.stream_messages, idle?.stream_messages),
    stream_bytes: Math.round(each(counts.stream_bytes, idle?.stream_bytes)),
    broker_messages_in: each(counts.broker_messages_in, idle?.broker_messages_in),
  };
};
