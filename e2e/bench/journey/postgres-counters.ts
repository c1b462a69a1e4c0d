import pg from 'pg';

/** Postgres' counters since its start, for one database. */
export interface PostgresCounts {
  /** By role: each app has a separate one. */
  statements: Record<string, number>;
  commits: number;
  /** Transactions that wrote. */
  writing_commits: number;
  wal_bytes: number;
  rows_written: number;
  updates: number;
  hot_updates: number;
}

export interface Statement {
  role: string;
  query: string;
  calls: number;
  rows: number;
  wal_bytes: number;
}

/** WAL of one table or index since the last {@link PostgresCounters.forget}. */
export interface Written {
  /** A table or an index; a commit has none. */
  relation: string;
  /** What Postgres calls such a record. */
  record: string;
  records: number;
  wal_bytes: number;
}

const STATEMENTS = `
  SELECT rolname AS role, sum(calls)::float8 AS calls FROM pg_stat_statements
  JOIN pg_roles ON pg_roles.oid = userid JOIN pg_database ON pg_database.oid = dbid
  WHERE datname = current_database() GROUP BY rolname`;
const TABLES = `
  SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())::float8 AS commits,
    pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS writing_commits,
    (pg_current_wal_insert_lsn() - '0/0')::float8 AS wal_bytes,
    sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 AS rows_written, sum(n_tup_upd)::float8 AS updates,
    sum(n_tup_hot_upd)::float8 AS hot_updates
  FROM pg_stat_user_tables`;

/** Reads the counters on a separate connection and role, so that it can exclude itself. */
export class PostgresCounters {
  readonly #client: pg.Client;
  readonly #role: string;
  #since = '0/1';

  private constructor(client: pg.Client, role: string) {
    this.#client = client;
    this.#role = role;
  }

  /** @param url of a superuser */
  static async open(url: string): Promise<PostgresCounters> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    for (const extension of ['pg_stat_statements', 'pg_walinspect'])
      await client.query(`CREATE EXTENSION IF NOT EXISTS ${extension}`);
    const role = `counter_${process.pid}`;
    await client.query(`CREATE ROLE ${role} SUPERUSER`);
    await client.query(`SET ROLE ${role}`);
    return new PostgresCounters(client, role);
  }

  async read(): Promise<PostgresCounts> {
    await this.#client.query('SELECT pg_stat_clear_snapshot()');
    const statements = await this.#client.query<{ role: string; calls: number }>(STATEMENTS);
    const tables = await this.#client.query<Omit<PostgresCounts, 'statements'>>(TABLES);
    const [counts] = tables.rows;
    if (counts === undefined) throw new Error('Postgres counts nothing');
    const foreign = statements.rows.filter(({ role }) => role !== this.#role);
    return { ...counts, statements: Object.fromEntries(foreign.map(({ role, calls }) => [role, calls])) };
  }

  /** Resets the statistics of statements, for {@link list}. */
  async forget(): Promise<void> {
    await this.#client.query('SELECT pg_stat_statements_reset()');
    const { rows } = await this.#client.query<{ lsn: string }>(
      'SELECT pg_current_wal_insert_lsn()::text AS lsn',
    );
    this.#since = rows[0]?.lsn ?? this.#since;
  }

  /** Lists where the WAL since {@link forget} comes from, the largest share first; a record counts for its first block. */
  async listWritten(): Promise<Written[]> {
    const { rows } = await this.#client.query<Written>(
      `WITH record AS (
         SELECT start_lsn, resource_manager, record_type, record_length
         FROM pg_get_wal_records_info($1::pg_lsn, pg_current_wal_flush_lsn())),
       block AS (
         SELECT start_lsn, relfilenode FROM pg_get_wal_block_info($1::pg_lsn, pg_current_wal_flush_lsn())
         WHERE block_id = 0)
       SELECT coalesce(relname, 'none') AS relation, resource_manager || ' ' || record_type AS record,
         count(*)::float8 AS records, sum(record_length)::float8 AS wal_bytes
       FROM record LEFT JOIN block USING (start_lsn)
       LEFT JOIN pg_class ON pg_relation_filenode(pg_class.oid) = block.relfilenode
       GROUP BY 1, 2 ORDER BY wal_bytes DESC`,
      [this.#since],
    );
    return rows;
  }

  /** The statements since {@link forget}, the most frequent first. */
  async list(): Promise<Statement[]> {
    const { rows } = await this.#client.query<Statement>(`
      SELECT rolname AS role, query, calls::float8 AS calls, rows::float8 AS rows,
        wal_bytes::float8 AS wal_bytes FROM pg_stat_statements
      JOIN pg_roles ON pg_roles.oid = userid JOIN pg_database ON pg_database.oid = dbid
      WHERE datname = current_database() ORDER BY calls DESC`);
    return rows.filter(({ role }) => role !== this.#role);
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
