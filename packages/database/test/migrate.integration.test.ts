import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { schemaDiff } from '../scripts/schema-diff.ts';
import { migrate } from '../src/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the test run's servers. */
    stack: Record<string, string>;
  }
}

const ownerUrl = () => inject('stack').DATABASE_URL ?? '';
let admin: pg.Client;
beforeAll(async () => {
  admin = new pg.Client({ connectionString: ownerUrl() });
  await admin.connect();
});
afterAll(() => admin?.end());

const emptyDatabase = async (): Promise<string> => {
  const name = `migrate_${randomBytes(6).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(ownerUrl());
  url.pathname = `/${name}`;
  return url.href;
};

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows ?? [];
  } finally {
    await client.end();
  }
};

const SHAPE = `
  SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, character_maximum_length
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
  ORDER BY table_name, column_name`;
const KEYS = `
  SELECT conrelid::regclass::text AS of, conname, contype, pg_get_constraintdef(oid) AS definition FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f', 'u')
    AND conrelid::regclass::text <> '_prisma_migrations' ORDER BY 1, 2`;

test('processes that migrate at the same time apply each migration once', async () => {
  const url = await emptyDatabase();
  const applied = (await Promise.all([migrate(url), migrate(url), migrate(url)])).flat();
  expect(applied.length).toBeGreaterThan(0);
  expect(new Set(applied).size).toBe(applied.length);
  expect(await migrate(url)).toEqual([]);
});

test('the migrations produce the schema of prisma/schema.prisma', async () => {
  const [migrated, fresh] = [await emptyDatabase(), await emptyDatabase()];
  await migrate(migrated);
  await query(fresh, await schemaDiff(ownerUrl()));
  expect(await query(migrated, SHAPE)).toEqual(await query(fresh, SHAPE));
  expect(await query(migrated, KEYS)).toEqual(await query(fresh, KEYS));
});

test('a migration changed after it was applied is refused by name', async () => {
  const url = await emptyDatabase();
  const [first] = await migrate(url);
  await query(url, `UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name = '${first}'`);
  await expect(migrate(url)).rejects.toThrow(first);
});

/** Creates a folder like `prisma/migrations` while `use` runs. */
const withMigrations = async (sqls: string[], use: (folder: URL) => Promise<void>): Promise<void> => {
  const path = await mkdtemp(join(tmpdir(), 'claimcheck-migrations-'));
  try {
    for (const [index, sql] of sqls.entries()) {
      await mkdir(join(path, String(index)));
      await writeFile(join(path, String(index), 'migration.sql'), sql);
    }
    await use(pathToFileURL(`${path}/`));
  } finally {
    await rm(path, { recursive: true, force: true });
  }
};

test('migrations ignore the time-out that the database sets for the processes', async () => {
  const url = await emptyDatabase();
  await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET statement_timeout = '10s'`);
  const keep = `CREATE TABLE kept AS SELECT current_setting('statement_timeout') AS time_limit`;
  await withMigrations([keep], async (folder) => {
    expect(await migrate(url, folder)).toEqual(['0']);
  });
  expect(await query(url, 'SELECT time_limit FROM kept')).toEqual([{ time_limit: '0' }]);
});

test('a migration does not block other statements while a long transaction uses the table', async () => {
  const url = await emptyDatabase();
  const [long, short] = [url, url].map((connectionString) => new pg.Client({ connectionString }));
  await query(url, 'CREATE TABLE busy (a int)');
  await long?.connect();
  await short?.connect();
  try {
    await long?.query('BEGIN; SELECT * FROM busy');
    await withMigrations(['ALTER TABLE busy ADD COLUMN b int'], async (folder) => {
      const migrated = migrate(url, folder);
      const waits = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'busy'::regclass`;
      await expect.poll(async () => (await short?.query(waits))?.rowCount, { timeout: 10_000 }).toBe(1);
      const asked = performance.now();
      await short?.query('SELECT * FROM busy');
      expect(performance.now() - asked).toBeLessThan(5_000);
      expect(
        await query(url, `SELECT FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'b'`),
      ).toEqual([]);
      await long?.query('COMMIT');
      expect(await migrated).toEqual(['0']);
    });
  } finally {
    await long?.end();
    await short?.end();
  }
});

const VALID = `SELECT indisvalid FROM pg_index WHERE indexrelid = 'built'::regclass`;

test('an index is built concurrently while a writer works, even after a failed build', async () => {
  const url = await emptyDatabase();
  await query(url, 'CREATE TABLE big AS SELECT n % 10 AS a FROM generate_series(1, 100) AS n');
  // As an interrupted build leaves it.
  await query(url, 'CREATE UNIQUE INDEX CONCURRENTLY "built" ON big (a)').catch(() => {});
  expect(await query(url, VALID)).toEqual([{ indisvalid: false }]);
  const writer = new pg.Client({ connectionString: url });
  await writer.connect();
  try {
    await writer.query('BEGIN; INSERT INTO big VALUES (1)');
    const build = '-- Built CONCURRENTLY; see above.\nCREATE INDEX CONCURRENTLY "built" ON big (a);';
    await withMigrations([build, 'CREATE TABLE later ()'], async (folder) => {
      const migrated = Promise.all([migrate(url, folder), migrate(url, folder)]);
      const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(() => query(url, waits), { timeout: 10_000 }).toHaveLength(1);
      // A build that blocked writers would block this one until its own transaction ends.
      await query(url, `SET statement_timeout = '5s'; INSERT INTO big VALUES (2)`);
      await writer.query('COMMIT');
      expect((await migrated).flat().sort()).toEqual(['0', '1']);
    });
  } finally {
    await writer.end();
  }
  expect(await query(url, VALID)).toEqual([{ indisvalid: true }]);
});

test('a concurrent migration with any other statement is refused before it runs', async () => {
  const url = await emptyDatabase();
  await withMigrations(
    ['CREATE TABLE half (a int); CREATE INDEX CONCURRENTLY "built" ON half (a)'],
    async (folder) => {
      await expect(migrate(url, folder)).rejects.toThrow('may only CREATE INDEX CONCURRENTLY');
    },
  );
  expect(await query(url, `SELECT to_regclass('half')::text AS name`)).toEqual([{ name: null }]);
});
