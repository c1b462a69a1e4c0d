import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Database, Prisma } from '../src/database.ts';
import { StatementPool } from '../src/statement-pool.ts';

let pool: StatementPool;
let database: Database;
beforeAll(() => {
  const url = inject('stack').DATABASE_URL ?? '';
  pool = new StatementPool(url, 2);
  database = new Database({ url, poolSize: 1 });
});
afterAll(() => Promise.all([pool?.close(), database?.close()]));

const one = async (): Promise<unknown[]> => pool.query(Prisma.sql`SELECT 1 AS one`);

// An error event without a listener would end the process, and this run with it.
test('a server that ends an idle connection of a caller ends only that one', async () => {
  const client = await pool.pool.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  await pool.query(Prisma.sql`SELECT pg_terminate_backend(${rows[0]?.pid ?? 0}::int)`);
  await ended;
  await expect(client.query('SELECT 1')).rejects.toThrow();
  client.release(true);
  expect(await Promise.all([one(), one(), one()])).toEqual([[{ one: 1 }], [{ one: 1 }], [{ one: 1 }]]);
});

/** Returns the process of the only connection, and whether a transaction is open on it: its time would stand still. */
const stateOf = async (on: Database) => {
  const look = () =>
    on.query<{ pid: number; at: string }>(Prisma.sql`
    SELECT pg_backend_pid() AS pid, now()::text AS at`);
  const [[before], [after]] = [await look(), await look()];
  return { pid: after?.pid ?? 0, isOpen: before?.at === after?.at };
};

test('work that fails rolls its transaction back, and its connection serves the next one', async () => {
  const before = await stateOf(database);
  const failing = database.transaction(async (tx) => {
    await tx.query(Prisma.sql`CREATE TEMPORARY TABLE written ON COMMIT PRESERVE ROWS AS SELECT 1 AS one`);
    throw new Error('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  expect(await stateOf(database)).toEqual({ pid: before.pid, isOpen: false });
  await expect(database.query(Prisma.sql`SELECT 1 FROM written`)).rejects.toThrow('does not exist');
});

test('a refused statement ends its transaction, even where the work ignores the refusal', async () => {
  const ignoring = database.transaction(async (tx) => {
    await tx.query(Prisma.sql`SELECT 1 / 0`).catch(() => {});
    await tx.query(Prisma.sql`SELECT 1`);
  });
  await expect(ignoring).rejects.toThrow('current transaction is aborted');
  expect(await stateOf(database)).toMatchObject({ isOpen: false });
});

test('a connection that ends within a transaction is replaced', async () => {
  const before = await stateOf(database);
  const cut = database.transaction(async (tx) => {
    await pool.query(Prisma.sql`SELECT pg_terminate_backend(${before.pid}::int)`);
    for (;;) await tx.query(Prisma.sql`SELECT 1`);
  });
  await expect(cut).rejects.toThrow();
  const after = await stateOf(database);
  expect(after).toMatchObject({ isOpen: false });
  expect(after.pid).not.toBe(before.pid);
});

test('statements that a migration outdates are prepared again', async () => {
  const table = Prisma.raw(`widened_${randomBytes(6).toString('hex')}`);
  const rows = Prisma.sql`SELECT * FROM ${table}`;
  await pool.query(Prisma.sql`CREATE TABLE ${table} AS SELECT 1 AS one`);
  try {
    for (const [column, seen] of [
      ['two', { one: 1, two: 2 }],
      ['three', { one: 1, two: 2, three: 2 }],
    ] as const) {
      await database.query(rows);
      await pool.query(Prisma.sql`ALTER TABLE ${table} ADD COLUMN ${Prisma.raw(column)} integer DEFAULT 2`);
      const read = column === 'two' ? database.query(rows) : database.transaction((tx) => tx.query(rows));
      expect(await read).toEqual([seen]);
    }
  } finally {
    await pool.query(Prisma.sql`DROP TABLE ${table}`);
  }
});
