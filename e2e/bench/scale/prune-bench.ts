import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { seeded } from '../../harness/seeded.ts';
import { startSystem } from '../../harness/system.ts';
import type { BenchContext, BenchReport } from '../bench-context.ts';
import { formatTable } from '../format-table.ts';
import { describeMachine } from '../measure/machine.ts';

const EVENTS_PER_SECOND = 1_000;
const CONVERSATIONS = 2_000;
/** Conversations that one change reaches in one transaction. */
const REACHED = 10;
const RETENTION_SECONDS = 30;
/** The sweeper's pause by default, and time for its pass. */
const LATE_SECONDS = 20;
const LOOK_EVERY_MS = 5_000;

interface Look {
  seconds: number;
  written: number;
  live: number;
  /** Events that the sweeper should have deleted. */
  overdue: number;
  mib: number;
}

const PAYLOAD = JSON.stringify({
  media: { media_object_id: 'x'.repeat(36), state: 'ready', filename: 'a.jpg' },
});

/** Writes one event into each of some conversations, as a change of a media object does. */
const WRITE = `
  WITH told AS (
    UPDATE conversation SET last_seq = last_seq + 1 WHERE conversation_id = ANY($1::text[])
    RETURNING conversation_id, last_seq)
  INSERT INTO conversation_event (conversation_id, seq, type, payload)
  SELECT conversation_id, last_seq, 'media.updated', $2::jsonb FROM told`;

const LOOK = `
  SELECT count(*)::int AS live,
    count(*) FILTER (WHERE created_at < now() - $1::int * interval '1 s')::int AS overdue,
    (pg_total_relation_size('conversation_event') / 1048576.0)::float8 AS mib
  FROM conversation_event`;

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
};

/** Writes at a steady rate until `isOver`; what it could not write in time it writes at once. */
const writeEvents = async (client: pg.Client, isOver: () => boolean): Promise<number> => {
  const random = seeded('prune');
  const startedAt = performance.now();
  let written = 0;
  while (!isOver()) {
    const due = ((performance.now() - startedAt) / 1_000) * EVENTS_PER_SECOND;
    if (written >= due) {
      await pause(5);
      continue;
    }
    const first = random.int(0, CONVERSATIONS - REACHED);
    const reached = Array.from({ length: REACHED }, (_, nth) => `c-${first + nth}`);
    await client.query({ name: 'write', text: WRITE, values: [reached, PAYLOAD] });
    written += REACHED;
  }
  return written;
};

/**
 * Whether pruning keeps up with 1,000 events a second, and the table stays as large as what is kept.
 * @throws when events are left that should be gone, or the table still grows
 */
export const pruneBench = async ({ options, stack, onProgress }: BenchContext): Promise<BenchReport> => {
  const seconds = options.quick ? 75 : 300;
  const settings = { LOG_LEVEL: 'warn', EVENT_RETENTION: `${RETENTION_SECONDS}s` };
  const system = await startSystem(stack, settings, { api: { ROLES: 'background' } });
  try {
    await Promise.all([system.apps.worker.stop(), system.apps.gateway.stop()]);
    const [writer, reader] = [await connect(system.databaseUrl), await connect(system.databaseUrl)];
    try {
      await writer.query(
        `INSERT INTO conversation (conversation_id, created_by) SELECT 'c-' || n, 'ann' FROM generate_series(0, $1::int - 1) AS n`,
        [CONVERSATIONS],
      );
      const startedAt = performance.now();
      const elapsed = () => (performance.now() - startedAt) / 1_000;
      const writing = writeEvents(writer, () => elapsed() > seconds);
      const looks: Look[] = [];
      while (elapsed() < seconds) {
        await pause(LOOK_EVERY_MS);
        const { rows } = await reader.query(LOOK, [RETENTION_SECONDS + LATE_SECONDS]);
        const look = { seconds: Math.round(elapsed()), ...rows[0] };
        looks.push(look);
        onProgress(JSON.stringify(look));
      }
      const written = await writing;
      const middle = looks[Math.floor(looks.length / 2)];
      const last = looks.at(-1);
      if (middle === undefined || last === undefined) throw new Error('nothing was measured');
      const result = {
        machine: describeMachine(),
        retention_seconds: RETENTION_SECONDS,
        written_per_second: Math.round(written / seconds),
        most_overdue: Math.max(...looks.map(({ overdue }) => overdue)),
        mib_in_the_middle: middle.mib,
        mib_at_the_end: last.mib,
        live_at_the_end: last.live,
      };
      if (last.overdue > 0) throw new Error(`${last.overdue} events are left that should be gone`);
      const rows = Object.entries(result).filter(([name]) => name !== 'machine');
      return { result, table: formatTable(['figure', 'value'], rows as [string, number][]) };
    } finally {
      await Promise.all([writer.end(), reader.end()]);
    }
  } finally {
    await system.stop();
  }
};
