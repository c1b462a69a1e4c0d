import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { v4 as uuid } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { runCli } from '../src/cli/run-cli.ts';

const stack = inject('stack');
const name = `parts_${uuid().slice(0, 8)}`;
const role = `${name}@app`;
const password = "p@:/%?#' x";
let folder: string;

const onServer = async (...statements: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: stack.DATABASE_URL });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
};

beforeAll(async () => {
  await onServer(
    `CREATE DATABASE ${name}`,
    `CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
    `ALTER DATABASE ${name} OWNER TO ${pg.escapeIdentifier(role)}`,
  );
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-parts-'));
  await writeFile(join(folder, 'password'), `${password}\n`);
});
afterAll(async () => {
  await onServer(`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${pg.escapeIdentifier(role)}`);
  await rm(folder, { recursive: true, force: true });
});

test('commands reach Postgres by the parts of its address, the password in a file', async () => {
  const { DATABASE_URL: url = '', GATEWAY_DATABASE_URL: _, ...others } = stack;
  const { hostname, port } = new URL(url);
  const env = {
    ...others,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: role,
    PGPASSWORD_FILE: join(folder, 'password'),
    PGDATABASE: name,
    AUTH_JWT_SECRET: 'x'.repeat(32),
  };
  const run = async (...argv: string[]): Promise<unknown> => {
    let out = '';
    const code = await runCli(COMMANDS, [...argv, '--json'], env, {
      out: (text) => {
        out += text;
      },
      error: (text) => expect(text).toBe(''),
      audit: () => {},
    });
    expect(code).toBe(0);
    return JSON.parse(out);
  };
  expect(await run('migrate')).toMatchObject({ applied: expect.arrayContaining(['20261120000000_first']) });
  expect(await run('user', 'quota', 'ann')).toMatchObject({ user_id: 'ann', used_bytes: 0 });
});
