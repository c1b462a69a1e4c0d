import { type Database, Prisma } from '@claimcheck/database/database';
import { Gauge, type Registry } from '@claimcheck/platform/process/metrics';
import { within } from '@claimcheck/platform/process/within';

/** Media with a removal date because nothing refers to it. */
const UNREFERENCED = Prisma.sql`expires_at IS NOT NULL AND state IN ('ready', 'degraded', 'failed', 'expiring')`;

/** Orphans that the sweeper should have removed at least ten minutes ago. */
const OVERDUE_ORPHANS = Prisma.sql`expires_at < now() - interval '10 minutes'
  AND state IN ('ready', 'degraded', 'failed', 'expiring')`;

const OVERDUE_PLACEHOLDERS = Prisma.sql`state = 'processing' AND ready_by < now() - interval '1 minute'`;

/**
 * Highest count of a gauge. Each scrape of each process asks, and a backlog is when Postgres has least time for it: beyond
 * this the value is a lower bound.
 */
const COUNTED = 10_000;

type Value = { value: number | null };

const countOf = (database: Database, condition: Prisma.Sql): Promise<Value[]> =>
  database.query(Prisma.sql`
    SELECT count(*)::float8 AS value
    FROM (SELECT FROM media_object WHERE ${condition} LIMIT ${COUNTED}::int) AS counted`);

const bytesOf = (database: Database, condition: Prisma.Sql): Promise<Value[]> =>
  database.query(Prisma.sql`
    SELECT sum(size_bytes)::float8 AS value
    FROM (SELECT size_bytes FROM media_object WHERE ${condition} LIMIT ${COUNTED}::int) AS counted`);

/** Shorter than the time-out of a scrape. */
const QUERY_TIMEOUT_MS = 3_000;

type Query = [name: string, help: string, ask: () => Promise<Value[]>];

/** Returns the queries for waiting work: outbox messages, and uploads that wait for their client. */
const waitingQueries = (database: Database): Query[] => [
  [
    'claimcheck_outbox_pending',
    'Outbox messages that are not published yet',
    () => database.query(Prisma.sql`SELECT count(*)::float8 AS value FROM outbox WHERE published_at IS NULL`),
  ],
  [
    'claimcheck_outbox_oldest_age_seconds',
    'Age of the oldest outbox message that is not published yet',
    () =>
      database.query(Prisma.sql`
      SELECT extract(epoch FROM now() - min(created_at))::float8 AS value
      FROM outbox WHERE published_at IS NULL`),
  ],
  [
    'claimcheck_upload_sessions_open',
    'Uploads that are neither finished nor ended',
    () =>
      database.query(Prisma.sql`
      SELECT count(*)::float8 AS value FROM upload_session WHERE phase IN ('open', 'completing')`),
  ],
  [
    'claimcheck_upload_session_oldest_age_seconds',
    'Age of the oldest upload that is neither finished nor ended',
    () =>
      database.query(Prisma.sql`
      SELECT extract(epoch FROM now() - min(created_at))::float8 AS value
      FROM upload_session WHERE phase IN ('open', 'completing')`),
  ],
];

/** Unreferenced media that takes space, and uploads without progress. */
const unusedQueries = (database: Database): Query[] => [
  [
    'claimcheck_unreferenced_media',
    `Media objects that nothing refers to, those with time left included; at most ${COUNTED} are counted`,
    () => countOf(database, UNREFERENCED),
  ],
  [
    'claimcheck_unreferenced_bytes',
    `Bytes of the sources of at most ${COUNTED} unreferenced media objects`,
    () => bytesOf(database, UNREFERENCED),
  ],
  [
    'claimcheck_upload_sessions_idle',
    'Open uploads without progress for ten minutes',
    () =>
      database.query(Prisma.sql`
      SELECT count(*)::float8 AS value FROM upload_session
      WHERE phase = 'open' AND updated_at < now() - interval '10 minutes'`),
  ],
];

/** Returns the queries for overdue work of the background. */
const overdueQueries = (database: Database): Query[] => [
  [
    'claimcheck_placeholders_overdue',
    `Media objects that are neither settled nor checked in time; at most ${COUNTED} are counted`,
    () => countOf(database, OVERDUE_PLACEHOLDERS),
  ],
  [
    'claimcheck_orphans',
    `Media objects without a reference that should have been removed ten minutes ago; at most ${COUNTED} are counted`,
    () => countOf(database, OVERDUE_ORPHANS),
  ],
  [
    'claimcheck_orphan_bytes',
    `Bytes of the sources of at most ${COUNTED} orphans`,
    () => bytesOf(database, OVERDUE_ORPHANS),
  ],
  [
    'claimcheck_fanouts_pending',
    'Changes that are not in every conversation yet',
    () => database.query(Prisma.sql`SELECT count(*)::float8 AS value FROM fanout`),
  ],
  [
    'claimcheck_prefix_sweeps_overdue',
    'Prefixes that should have been swept a minute ago',
    () =>
      database.query(Prisma.sql`
      SELECT count(*)::float8 AS value FROM prefix_sweep WHERE due_at < now() - interval '1 minute'`),
  ],
  [
    'claimcheck_missing_objects',
    'Objects of referenced media that the latest reconciliation did not find in the bucket',
    () =>
      database.query(Prisma.sql`
      SELECT missing_referenced::float8 AS value FROM reconciliation ORDER BY finished_at DESC LIMIT 1`),
  ],
];

/**
 * Gauges whose value is queried at each scrape, each separately. A query without an answer becomes NaN, so that the others
 * can still be read.
 */
export const createQueryGauges = (registry: Registry, database: Database): void => {
  const queries = [...waitingQueries(database), ...unusedQueries(database), ...overdueQueries(database)];
  for (const [name, help, ask] of queries)
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(
          await within(QUERY_TIMEOUT_MS, ask).then(
            // Without a row there is no measurement yet: unknown is not zero.
            ([row]) => (row === undefined ? Number.NaN : (row.value ?? 0)),
            () => Number.NaN,
          ),
        );
      },
    });
};
