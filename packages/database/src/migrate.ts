import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import {
  appliedChecksums,
  changedMigrations,
  concurrentIndexes,
  isConcurrent,
  MIGRATIONS,
  type Migration,
  readMigrations,
} from './migrations.ts';

// Any number will do, as long as every process that migrates uses the same.
const ADVISORY_LOCK = 7_420_126_114;
const LOCK_POLL_MS = 100;

// A statement that waits for a table's lock blocks all later ones: step back and try again.
const LOCK_TIMEOUT_MS = 1_000;
const LOCK_TRIES = 60;
const STEP_BACK_MS = 1_000;
/** lock_not_available, deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const IN_THE_WAY = ['55P03', '40P01'];

// Prisma Migrate's own table, so that its CLI can take over where it is available.
const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" varchar(36) PRIMARY KEY, "checksum" varchar(64) NOT NULL, "finished_at" timestamptz,
    "migration_name" varchar(255) NOT NULL, "logs" text, "rolled_back_at" timestamptz,
    "started_at" timestamptz NOT NULL DEFAULT now(), "applied_steps_count" integer NOT NULL DEFAULT 0)`;

const record = async (client: pg.Client, { checksum, name }: Migration): Promise<void> => {
  await client.query(
    'INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)',
    [randomUUID(), checksum, name],
  );
};

/**
 * Builds indexes while others write. Postgres allows that only outside a transaction, and leaves an invalid index behind
 * when it fails; the next attempt drops that one.
 */
const buildIndexes = async (client: pg.Client, migration: Migration): Promise<void> => {
  for (const { name, sql } of concurrentIndexes(migration)) {
    await client.query(`DROP INDEX CONCURRENTLY IF EXISTS "${name}"`);
    await client.query(sql);
  }
  await record(client, migration);
};

const apply = async (client: pg.Client, migration: Migration): Promise<void> => {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query(migration.sql);
    await record(client, migration);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
};

const isInTheWay = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && IN_THE_WAY.includes(error.code ?? '');

/** Repeats the work while other transactions hold a lock that it needs. */
const applyInTime = async (client: pg.Client, migration: Migration): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await (isConcurrent(migration) ? buildIndexes : apply)(client, migration);
    } catch (error) {
      if (!isInTheWay(error) || tries === LOCK_TRIES) throw error;
      await pause(STEP_BACK_MS);
    }
  }
};

/** Polls, because a session that waits for the lock in Postgres holds a snapshot, for which a concurrent index waits. */
const takeLock = async (client: pg.Client): Promise<void> => {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      ADVISORY_LOCK,
    ]);
    if (rows[0]?.taken === true) return;
    await pause(LOCK_POLL_MS);
  }
};

/**
 * Applies the pending migrations of `prisma/migrations`, each in its own transaction unless it builds indexes concurrently.
 * An advisory lock makes processes that start together wait for each other. It waits for a busy table for one second at a
 * time, so that no other statement waits behind it for longer.
 *
 * @param folder with one subfolder per migration
 * @returns names of the migrations applied now
 * @throws when an applied migration's file has changed since, or a table is busy for more than a minute
 */
export const migrate = async (databaseUrl: string, folder: URL = MIGRATIONS): Promise<string[]> => {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    // Behind PgBouncer the role has a time-out, meant for the processes.
    await client.query('SET statement_timeout = 0');
    await takeLock(client);
    await client.query(CREATE_TABLE);
    const applied = await appliedChecksums(client);
    const migrations = readMigrations(folder);
    const changed = changedMigrations(migrations, applied);
    if (changed.length > 0)
      throw new Error(`migrations changed after they were applied: ${changed.join(', ')}`);
    const pending = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of pending) await applyInTime(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    // Ends the session, and the advisory lock with it.
    await client.end();
  }
};
