import { setTimeout as pause } from 'node:timers/promises';
import type { ManagedService } from '@claimcheck/local-stack/managed-process';
import { Bus } from '@claimcheck/platform/nats/bus';
import { createLogger } from '@claimcheck/platform/process/logger';
import pg from 'pg';
import { type Replica, startReplica } from '../../harness/replica.ts';
import { type System, startSystem } from '../../harness/system.ts';
import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { describeMachine } from '../measure/machine.ts';
import { rounded } from '../measure/median.ts';
import { Account, COUNTED_WITHIN_MS, type Costs, costsOf, secondsBetween } from './account.ts';
import { JourneyPhotos } from './journey-photos.ts';
import { measureResults, type ResultsFigures } from './measure-results.ts';
import { PostgresCounters, type Statement, type Written } from './postgres-counters.ts';
import { type Pace, Traffic } from './traffic.ts';

interface Size {
  warm: number;
  photos: number;
  texts: number;
  idle_seconds: number;
  at_20: boolean;
}

const WHOLE: Size = { warm: 10, photos: 80, texts: 400, idle_seconds: 20, at_20: true };
const QUICK: Size = { warm: 5, photos: 20, texts: 100, idle_seconds: 10, at_20: false };
const PER_SECOND = 20;
/** `--loads results` measures only this. */
const RESULTS_ONLY = 'results';

interface Figures {
  /** Recorded results, by one background process. */
  results: ResultsFigures;
  /** The same, by more of them. */
  more_results: ResultsFigures[];
  /** Costs of a second without load. */
  idle: Costs;
  photo: Costs;
  text: Costs;
  /** Costs with up to twenty starts in a second; not part of a quick run. */
  photo_at_20: Costs | undefined;
  text_at_20: Costs | undefined;
  statements: { photo: Statement[]; text: Statement[]; idle: Statement[] };
  /** The WAL of a photo and of a text, by table and index. */
  written: { photo: Written[]; text: Written[] };
}

/** A second role with the rights of the first, which separates the statements of two processes. */
const createTwin = async (databaseUrl: string, name: string): Promise<string> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const owner = new URL(databaseUrl).username;
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}' IN ROLE ${owner}`);
  } finally {
    await client.end();
  }
  const url = new URL(databaseUrl);
  url.username = name;
  url.password = name;
  return url.href;
};

class Measurement {
  readonly #account: Account;
  readonly #counters: PostgresCounters;
  readonly #traffic: Traffic;
  readonly #onProgress: BenchContext['onProgress'];

  constructor(account: Account, counters: PostgresCounters, traffic: Traffic, context: BenchContext) {
    this.#account = account;
    this.#counters = counters;
    this.#traffic = traffic;
    this.#onProgress = context.onProgress;
  }

  async run({ warm, photos, texts, idle_seconds, at_20 }: Size): Promise<Omit<Figures, keyof Backlog>> {
    const one = (count: number): Pace => ({ count, per_second: undefined });
    const many = (count: number): Pace => ({ count, per_second: PER_SECOND });
    await this.#traffic.sendPhotos(one(warm));
    await this.#traffic.sendTexts(one(warm));
    await pause(COUNTED_WITHIN_MS);
    const idle = await this.#costs('idle', undefined, () => pause(idle_seconds * 1_000));
    const idleStatements = await this.#statements(idle_seconds + COUNTED_WITHIN_MS / 1_000);
    const photo = await this.#costs('photo', photos, () => this.#traffic.sendPhotos(one(photos)), idle);
    const photoStatements = await this.#statements(photos);
    const photoWritten = await this.#written(photos);
    const text = await this.#costs('text', texts, () => this.#traffic.sendTexts(one(texts)), idle);
    const textStatements = await this.#statements(texts);
    const textWritten = await this.#written(texts);
    const photosAt20 = () => this.#traffic.sendPhotos(many(photos));
    const textsAt20 = () => this.#traffic.sendTexts(many(texts));
    return {
      idle,
      photo,
      text,
      photo_at_20: at_20 ? await this.#costs('photo at 20/s', photos, photosAt20, idle) : undefined,
      text_at_20: at_20 ? await this.#costs('text at 20/s', texts, textsAt20, idle) : undefined,
      statements: { photo: photoStatements, text: textStatements, idle: idleStatements },
      written: { photo: photoWritten, text: textWritten },
    };
  }

  /** @param units of `work`; undefined: each second is one */
  async #costs(
    what: string,
    units: number | undefined,
    work: () => Promise<void>,
    idle?: Costs,
  ): Promise<Costs> {
    await this.#counters.forget();
    const before = await this.#account.read();
    await work();
    await pause(COUNTED_WITHIN_MS);
    const after = await this.#account.read();
    const costs = costsOf(before, after, units ?? secondsBetween(before, after), idle);
    this.#onProgress(`${what}: ${JSON.stringify(costs)}`);
    return costs;
  }

  /** Counts since the last measurement, per unit. */
  async #statements(units: number): Promise<Statement[]> {
    const all = await this.#counters.list();
    return all
      .map(({ calls, rows, wal_bytes, query, ...rest }) => ({
        ...rest,
        calls: calls / units,
        rows: rows / units,
        wal_bytes: Math.round(wal_bytes / units),
        query: query.replace(/\s+/g, ' ').trim().slice(0, 160),
      }))
      .filter(({ calls }) => calls > 0.05);
  }

  /** WAL since the last measurement, per unit. */
  async #written(units: number): Promise<Written[]> {
    const all = await this.#counters.listWritten();
    return all
      .map(({ records, wal_bytes, ...rest }) => ({
        ...rest,
        records: rounded(records / units),
        wal_bytes: Math.round(wal_bytes / units),
      }))
      .filter(({ wal_bytes }) => wal_bytes > 0);
  }
}

const pidOf = (service: ManagedService | undefined): number => {
  if (service === undefined) throw new Error('a server was not started by this bench');
  return service.pid;
};

const measureSystem = async (
  context: BenchContext,
  system: System,
  background: number,
): Promise<Omit<Figures, keyof Backlog>> => {
  const { options, stack, services } = context;
  const counters = await PostgresCounters.open(system.databaseUrl);
  const traffic = await Traffic.create(system, await JourneyPhotos.create());
  const account = new Account({
    counters,
    monitorUrl: stack.NATS_MONITOR_URL ?? '',
    appName: system.appName,
    pids: {
      api_http: system.apps.api.pid,
      api_background: background,
      worker: system.apps.worker.pid,
      gateway: system.apps.gateway.pid,
      postgres: pidOf(services.postgres),
      nats: pidOf(services.nats),
    },
  });
  try {
    return await new Measurement(account, counters, traffic, context).run(options.quick ? QUICK : WHOLE);
  } finally {
    traffic.leave();
    await counters.close();
  }
};

type Backlog = Pick<Figures, 'results' | 'more_results'>;

const measureBacklog = async (
  { stack, options }: BenchContext,
  system: System,
  start: () => Promise<Replica>,
): Promise<Backlog> => {
  const logger = createLogger('bench', 'silent');
  const { appName } = system;
  const bus = await Bus.connect({ url: stack.NATS_URL ?? '', name: 'bench', appName, logger });
  try {
    const urlOf = (key: string) => `s3://${stack.S3_BUCKET}/${key}`;
    const photos = options.quick ? 1_000 : 3_000;
    const measure = (processes: number) =>
      measureResults({ databaseUrl: system.databaseUrl, bus, urlOf, photos, processes }, async () => {
        const { service } = await start();
        return { pid: service.pid, stop: () => service.stop() };
      });
    return { results: await measure(1), more_results: [await measure(2), await measure(4)] };
  } finally {
    await bus.close();
  }
};

const COLUMNS = ['photo', 'text', 'photo_at_20', 'text_at_20', 'idle'] as const;

const toTable = (figures: Figures): string => {
  const columns = COLUMNS.filter((name) => figures[name] !== undefined);
  const row = (name: string, of: (costs: Costs) => number | undefined) => [
    name,
    ...columns.map((column) => of(figures[column] ?? figures.idle) ?? 0),
  ];
  const total = (values: Record<string, number>) =>
    rounded(Object.values(values).reduce((sum, value) => sum + value, 0));
  const { cpu_ms, statements } = figures.photo;
  const rows = [
    ...Object.keys(cpu_ms).map((name) => row(`CPU ms ${name}`, (costs) => costs.cpu_ms[name])),
    ...Object.keys(statements).map((name) =>
      row(`statements ${name.replace(/_t[0-9a-f]{10}$/, '')}`, (costs) => costs.statements[name]),
    ),
    row('statements', (costs) => total(costs.statements)),
    row('commits', ({ commits }) => commits),
    row('writing commits', ({ writing_commits }) => writing_commits),
    row('WAL bytes', ({ wal_bytes }) => wal_bytes),
    row('rows written', ({ rows_written }) => rows_written),
    row('updates', ({ updates }) => updates),
    row('of them HOT', ({ hot_share }) => hot_share),
    row('stream messages', ({ stream_messages }) => stream_messages),
    row('stream bytes', ({ stream_bytes }) => stream_bytes),
    row('broker messages in', ({ broker_messages_in }) => broker_messages_in),
  ];
  return formatTable(['figure', ...columns], rows);
};

const resultsLines = ({ results, more_results }: Backlog): string =>
  [results, ...more_results]
    .map(
      ({ processes, per_second, cpu_ms_per_result }) =>
        `results applied by ${processes}: ${per_second}/s, ${cpu_ms_per_result} ms CPU each`,
    )
    .join('\n');

/** Measures what a photo and a text cost every process of the system, and the costs of idling. */
export const journeyBench = async (context: BenchContext): Promise<BenchReport> => {
  // Deadlines are not under test.
  const settings = { READY_DEADLINE: '30m', LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '1000000' };
  const { stack } = context;
  // As the chart installs it: uploads and results in separate processes.
  const system = await startSystem(stack, settings, { api: { ROLES: 'http' } });
  try {
    const DATABASE_URL = await createTwin(system.databaseUrl, `background_${system.appName}`);
    const start = () => startReplica(system, { env: { ROLES: 'background', DATABASE_URL } });
    if (context.options.loads.includes(RESULTS_ONLY)) {
      const backlog = await measureBacklog(context, system, start);
      return { result: { machine: describeMachine(), ...backlog }, table: resultsLines(backlog) };
    }
    const background = await start();
    const measured = await measureSystem(context, system, background.service.pid).finally(() =>
      background.service.stop(),
    );
    const figures: Figures = { ...measured, ...(await measureBacklog(context, system, start)) };
    const table = `${toTable(figures)}\n\n${resultsLines(figures)}`;
    return { result: { machine: describeMachine(), ...figures }, table };
  } finally {
    await system.stop();
  }
};
