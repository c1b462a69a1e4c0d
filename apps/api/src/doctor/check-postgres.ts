import { type Database, Prisma } from '@claimcheck/database/database';
import { type MigrationStatus, migrationStatus } from '@claimcheck/database/migration-status';
import { attempt } from './attempt.ts';
import { type Check, failed, passed, skipped, warned } from './check.ts';
import { checkClock } from './check-clock.ts';

const OLDEST_MAJOR = 15;
const CROWDED_SHARE = 0.8;
const REACH =
  'look whether the server runs, and at DATABASE_URL (host, port, name, user, password); PgBouncer must ignore some startup parameters: docs/operations.md#pgbouncer';

interface Server {
  version: string;
  major: number;
  is_replica: boolean;
  used: number;
  allowed: number;
  /** The time limit of a statement, such as `10s`; `0` means none. */
  time_limit: string;
  time: Date;
}

const askServer = async (database: Database): Promise<Server> => {
  const [server] = await database.query<Server>(Prisma.sql`
    SELECT current_setting('server_version') AS version,
      current_setting('server_version_num')::int / 10000 AS major,
      pg_is_in_recovery() AS is_replica,
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS allowed,
      current_setting('statement_timeout') AS time_limit,
      clock_timestamp() AS time`);
  if (server === undefined) throw new Error('the server answered nothing');
  return server;
};

const checkServer = ({ version, major, is_replica }: Server): Check => {
  const name = 'postgres';
  if (is_replica)
    return failed(name, `${version}, a replica that only reads`, 'let DATABASE_URL name the primary');
  return major >= OLDEST_MAJOR
    ? passed(name, version)
    : failed(name, `${version} is too old`, `upgrade the server to ${OLDEST_MAJOR} or later`);
};

const checkConnections = ({ used, allowed }: Server): Check => {
  const name = 'postgres connections';
  const detail = `${used} of ${allowed} are taken`;
  return used < allowed * CROWDED_SHARE
    ? passed(name, detail)
    : warned(
        name,
        detail,
        'raise max_connections, or put PgBouncer in front (docs/operations.md#pgbouncer): each api and gateway keeps ten',
      );
};

/** Each of our connections sets a limit, but a pooler in between may have ignored it. */
const checkTimeLimit = ({ time_limit }: Server): Check => {
  const name = 'postgres time-outs';
  return time_limit === '0'
    ? warned(
        name,
        'a statement may take for ever',
        "set them for the role, as docs/operations.md#pgbouncer says: ALTER ROLE … SET statement_timeout = '10s'",
      )
    : passed(name, `a statement ends after ${time_limit}`);
};

const describeStatus = ({ applied, pending, changed, unknown }: MigrationStatus): Check => {
  const name = 'migrations';
  if (changed.length > 0)
    return failed(
      name,
      `changed after they were applied: ${changed.join(', ')}`,
      'run the release that this database belongs to; an applied migration is never edited',
    );
  if (pending.length > 0)
    return failed(
      name,
      `not applied yet: ${pending.join(', ')}`,
      'npm run claimcheck -- migrate, before the apps of this release start',
    );
  return unknown.length > 0
    ? warned(
        name,
        `applied by a newer release: ${unknown.join(', ')}`,
        'fine while a release rolls out; otherwise run that release here too',
      )
    : passed(name, `all ${applied.length} are applied`);
};

/** Checks that Postgres is reachable, recent enough, the primary, migrated, and has free connections and the right time. */
export const checkPostgres = async (database: Database, url: string): Promise<Check[]> => {
  const server = await attempt('postgres', REACH, async () => {
    const sent = Date.now();
    const answer = await askServer(database);
    const asked = { sent, received: Date.now() };
    return [
      checkServer(answer),
      checkConnections(answer),
      checkTimeLimit(answer),
      checkClock('Postgres', answer.time, asked),
    ];
  });
  if (!server.every(({ ok }) => ok)) return [...server, skipped('migrations', 'first fix Postgres')];
  const migrations = await attempt('migrations', REACH, async () => [
    describeStatus(await migrationStatus(url)),
  ]);
  return [...server, ...migrations];
};
