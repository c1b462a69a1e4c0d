import { randomBytes } from 'node:crypto';
import { Database } from '@claimcheck/database/database';
import { migrate } from '@claimcheck/database/migrate';
import { createDatabase } from '@claimcheck/local-stack/postgres-setup';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { describeMachine } from '../measure/machine.ts';
import { rounded } from '../measure/median.ts';
import { type Drain, measureDrain } from './measure-drain.ts';
import { type Latency, measureLatency } from './measure-latency.ts';
import { measureRaw } from './measure-raw.ts';
import { commitBacklog } from './outbox-load.ts';
import { startRelayProcess } from './relay-process.ts';

const STEADY_PER_SECOND = 300;

interface Figures {
  raw_per_second: number;
  backlog: number;
  drain: Drain;
  latency: Latency;
}

const createOwnDatabase = async (stackUrl: string, name: string): Promise<string> => {
  await createDatabase(stackUrl, name);
  const url = new URL(stackUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return url.href;
};

const openBus = async (stack: Record<string, string>, appName: string): Promise<Bus> => {
  const logger = createLogger('bench', 'silent');
  const bus = await Bus.connect({ url: stack.NATS_URL ?? '', name: appName, appName, logger });
  await bus.ensureStreams();
  return bus;
};

const measure = async ({ options, stack, onProgress }: BenchContext): Promise<Figures> => {
  const name = `bench${randomBytes(5).toString('hex')}`;
  const databaseUrl = await createOwnDatabase(stack.DATABASE_URL ?? '', name);
  const bus = await openBus(stack, name);
  const rawBus = await openBus(stack, `${name}-raw`);
  // Another process commits next to the relay, like an api with the role http.
  const wake = () => bus.announce(bus.subjects.outboxWakeUp, {});
  const database = new Database({ url: databaseUrl, onCommit: wake });
  try {
    const backlog = options.quick ? 10_000 : 100_000;
    await commitBacklog(database, bus.subjects.mediaUpdated, backlog);
    onProgress(`${backlog} messages are in the outbox`);
    const rawBefore = await measureRaw(rawBus, options.quick ? 1 : 4);
    const env = { ...stack, DATABASE_URL: databaseUrl, APP_NAME: name };
    const relay = await startRelayProcess(env);
    try {
      const drain = await measureDrain(bus, relay, backlog);
      onProgress(`drained, ${Math.round(drain.events_per_second)}/s`);
      const rawAfter = await measureRaw(rawBus, options.quick ? 1 : 4);
      const load = { per_second: STEADY_PER_SECOND, seconds: options.quick ? 4 : 30 };
      const latency = await measureLatency(database, bus, load);
      return { raw_per_second: Math.max(rawBefore, rawAfter), backlog, drain, latency };
    } finally {
      await relay.stop();
    }
  } finally {
    await Promise.all([bus.close(), rawBus.close(), database.close()]);
  }
};

/**
 * Compares outbox → relay → stream with bare confirmed publishing of the same payload to the same server: the rate at which a
 * backlog drains, and the delay of a committed message at a steady rate.
 */
export const relayBench = async (context: BenchContext): Promise<BenchReport> => {
  const { raw_per_second, backlog, drain, latency } = await measure(context);
  const result = {
    machine: describeMachine(),
    raw_per_second: Math.round(raw_per_second),
    events_per_second: Math.round(drain.events_per_second),
    ratio_raw: rounded(drain.events_per_second / raw_per_second),
    backlog,
    drain_seconds: rounded(drain.seconds),
    first_tenth_per_second: Math.round(drain.first_tenth_per_second),
    last_tenth_per_second: Math.round(drain.last_tenth_per_second),
    first_tenth_claim_ms: rounded(drain.first_tenth_claim_ms),
    last_tenth_claim_ms: rounded(drain.last_tenth_claim_ms),
    steady_per_second: STEADY_PER_SECOND,
    p50_ms: rounded(latency.p50_ms),
    p99_ms: rounded(latency.p99_ms),
    max_ms: rounded(latency.max_ms),
  };
  const rows = Object.entries(result).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, value]] : [],
  );
  return { result, table: formatTable(['figure', 'value'], rows) };
};
