import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Prisma } from '../src/database.ts';
import { StatementPool } from '../src/statement-pool.ts';

let pool: StatementPool;
beforeAll(() => {
  pool = new StatementPool(inject('stack').DATABASE_URL ?? '', 2);
});
afterAll(() => pool?.close());

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
