import pg from 'pg';
import { startSystem } from '../../harness/system.ts';
import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { describeMachine } from '../measure/machine.ts';
import { rounded } from '../measure/median.ts';
import { driveDuties, driveRequests, driveResults, driveSockets } from './drive.ts';
import { fill, type Scale } from './fill.ts';
import { PlanJudge, type QueryFigures } from './judge-plans.ts';
import { readPlans } from './plans.ts';

const QUICK: Scale = { media: 20_000, events: 100_000, conversations: 1_000, owners: 500, due: 1_000 };
const WHOLE: Scale = {
  media: 2_000_000,
  events: 10_000_000,
  conversations: 100_000,
  owners: 50_000,
  due: 100_000,
};
const LONG: Scale = { ...WHOLE, media: 10_000_000 };

/** So many of the most expensive plans are kept. */
const PLANS = 20;
const QUERY_CHARS = 110;

const openDatabase = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
};

const toTable = (figures: readonly QueryFigures[]): string =>
  formatTable(
    ['ms p50', 'ms max', 'calls', 'read', 'made', 'query'],
    figures.map(({ query, calls, ms_p50, ms_max, rows_read, rows_made, complaints }) => [
      rounded(ms_p50),
      rounded(ms_max),
      calls,
      rows_read,
      rows_made,
      `${complaints.map((one) => `TOO EXPENSIVE: ${one}; `).join('')}${query.slice(0, QUERY_CHARS)}`,
    ]),
  );

/**
 * What each statement of the api reads and takes in a database of size, by the plans that Postgres executed for
 * real requests and for the duties on backlogs.
 *
 * @throws when one is too expensive
 */
export const scaleBench = async ({ options, stack, onProgress }: BenchContext): Promise<BenchReport> => {
  const scale = options.quick ? QUICK : options.long ? LONG : WHOLE;
  const settings = { LOG_LEVEL: 'warn', SWEEP_INTERVAL: '500ms', RATE_LIMIT_PER_MINUTE: '1000000' };
  const system = await startSystem(stack, settings, { api: { ROLES: 'http' } });
  try {
    // No worker processes what is requested again: only the api's own statements count.
    await system.apps.worker.stop();
    const client = await openDatabase(system.databaseUrl);
    try {
      const began = performance.now();
      await fill(client, scale, stack.S3_BUCKET ?? '', onProgress);
      const seconds = Math.round((performance.now() - began) / 1_000);
      onProgress(`${scale.media} media objects and ${scale.events} events after ${seconds} s`);
      await client.query(`ALTER DATABASE ${system.appName} SET auto_explain.log_min_duration = 0`);
      await system.restart('api');
      await system.restart('gateway');
      await driveRequests(system, scale);
      await system.restart('api', { ROLES: 'http,background' });
      await driveResults(system, scale);
      await driveSockets(system, scale);
      await driveDuties(system);
      await driveRequests(system, scale);
      await system.apps.api.stop();
      const judge = new PlanJudge();
      for await (const plan of readPlans(client)) judge.add(plan);
      const figures = judge.figures();
      const failed = figures.filter(({ complaints }) => complaints.length > 0);
      const shown = [...new Set([...failed, ...figures.slice(0, PLANS)])];
      if (failed.length > 0) {
        onProgress(toTable(shown));
        for (const { plan, query } of failed) onProgress(`${query}\n${JSON.stringify(plan)}`);
        throw new Error(`${failed.length} of ${figures.length} statements are too expensive`);
      }
      const statements = { count: figures.length, most_expensive: figures.slice(0, PLANS) };
      return { result: { machine: describeMachine(), scale, ...statements }, table: toTable(shown) };
    } finally {
      await client.end();
    }
  } finally {
    await system.stop();
  }
};
