import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

/** Folder of this release's migrations. */
export const MIGRATIONS = new URL('../../../prisma/migrations/', import.meta.url);

export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** Returns the migrations of a folder, in order. */
export const readMigrations = (folder: URL = MIGRATIONS): Migration[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(`${name}/migration.sql`, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });

const withoutComments = ({ sql }: Migration): string => sql.replace(/^\s*--.*$/gm, '');

/** Returns whether a migration builds its indexes concurrently; it then contains nothing else. */
export const isConcurrent = (migration: Migration): boolean =>
  /\bCONCURRENTLY\b/.test(withoutComments(migration));

const BUILD = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY "(\w+)" ON /;

/** Returns the statements of a concurrent migration. @throws unless each of them creates a named index */
export const concurrentIndexes = (migration: Migration): { name: string; sql: string }[] =>
  withoutComments(migration)
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .map((sql) => {
      const [, name] = BUILD.exec(sql) ?? [];
      if (name === undefined)
        throw new Error(
          `${migration.name} may only CREATE INDEX CONCURRENTLY "name": it runs in no transaction`,
        );
      return { name, sql };
    });

/** Returns the checksum of each applied migration by name. @throws when the database has no table of migrations */
export const appliedChecksums = async (client: pg.Client): Promise<Map<string, string>> => {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM "_prisma_migrations" WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
};

/** Returns the names of applied migrations whose file has changed. */
export const changedMigrations = (
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, string>,
): string[] =>
  migrations
    .filter(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum)
    .map(({ name }) => name);
