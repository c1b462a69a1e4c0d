import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Database } from '@claimcheck/database/database';
import { migrate } from '@claimcheck/database/migrate';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations/', import.meta.url));

/** Everything that the next release may add, to every table and every type; one migration each. */
const writeSql = async (database: Database): Promise<string[]> => {
  const tables = await database.client.$queryRaw<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_prisma_migrations'`;
  const types = await database.client.$queryRaw<{ name: string }[]>`
    SELECT DISTINCT typname AS name FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid`;
  if (tables.length === 0 || types.length === 0) throw new Error('there is nothing to expand');
  return [
    ...tables.map(
      ({ name }) => `
        ALTER TABLE "${name}" ADD COLUMN "next_note" TEXT, ADD COLUMN "next_count" INTEGER NOT NULL DEFAULT 7;
        CREATE INDEX "${name}_next_count" ON "${name}" ("next_count");
        CREATE TABLE "next_${name}" ("id" UUID PRIMARY KEY, "of" INTEGER NOT NULL);`,
    ),
    ...types.map(({ name }) => `ALTER TYPE "${name}" ADD VALUE 'next_value';`),
  ];
};

/**
 * Applies the most that the next release may bring, by the same means, while old processes run.
 *
 * @returns the number of migrations
 */
export const applyWidestExpansion = async (databaseUrl: string): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-next-release-'));
  const database = new Database({ url: databaseUrl, poolSize: 1 });
  try {
    await cp(MIGRATIONS, folder, { recursive: true });
    for (const [index, sql] of (await writeSql(database)).entries()) {
      const path = join(folder, `99990101${String(index).padStart(6, '0')}_next`);
      await mkdir(path);
      await writeFile(join(path, 'migration.sql'), sql);
    }
    return (await migrate(databaseUrl, pathToFileURL(`${folder}/`))).length;
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
};
