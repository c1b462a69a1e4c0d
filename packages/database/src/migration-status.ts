import pg from 'pg';
import { appliedChecksums, changedMigrations, readMigrations } from './migrations.ts';

/** Names of migrations. */
export interface MigrationStatus {
  applied: string[];
  pending: string[];
  /** Applied, but this release has another file for it. */
  changed: string[];
  /** Applied, but unknown to this release. */
  unknown: string[];
}

const hasTable = async (client: pg.Client): Promise<boolean> => {
  const { rows } = await client.query<{ name: string | null }>(
    `SELECT to_regclass('"_prisma_migrations"')::text AS name`,
  );
  return rows[0]?.name != null;
};

/** Compares a database with the migrations of this release; writes nothing. */
export const migrationStatus = async (databaseUrl: string): Promise<MigrationStatus> => {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const applied = (await hasTable(client)) ? await appliedChecksums(client) : new Map<string, string>();
    const migrations = readMigrations();
    const names = migrations.map(({ name }) => name);
    return {
      applied: [...applied.keys()],
      pending: names.filter((name) => !applied.has(name)),
      changed: changedMigrations(migrations, applied),
      unknown: [...applied.keys()].filter((name) => !names.includes(name)),
    };
  } finally {
    await client.end();
  }
};
