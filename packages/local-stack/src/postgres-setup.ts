import pg from 'pg';

const CONNECT_TIMEOUT_MS = 2_000;

export const isAnswering = async (url: string): Promise<boolean> => {
  await withClient(url, (client) => client.query('SELECT 1'));
  return true;
};

/** Creates the database unless it exists. `url` is the owner's, for any database. */
export const createDatabase = async (url: string, name: string): Promise<void> => {
  await withClient(url, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
};

/**
 * Allows `role` to SELECT everything in this database's public schema, including tables that the owner creates later, and
 * nothing else. Repeatable.
 * @param url the owner's, for the database to read
 */
export const createReader = async (url: string, role: string, password: string): Promise<void> => {
  await withClient(url, async (client) => {
    const reader = client.escapeIdentifier(role);
    const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
    const create = found.rowCount === 0 ? 'CREATE' : 'ALTER';
    await client.query(`${create} ROLE ${reader} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    await client.query(`ALTER ROLE ${reader} SET default_transaction_read_only = on`);
    await client.query(`GRANT USAGE ON SCHEMA public TO ${reader}`);
    await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${reader}`);
    await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${reader}`);
  });
};

const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'claimcheck-local-stack',
  });
  // A server that stops ends the running query with its own error.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};
