import { type Sql, sql } from '@prisma/client-runtime-utils';
import pg from 'pg';

const types = new pg.TypeOverrides();
// Like Prisma's raw queries: a sum of sizes may exceed the range of a number.
types.setTypeParser(pg.types.builtins.INT8, BigInt);

const IDLE_MS = 30_000;

/**
 * The connections to Postgres. Each connection prepares our own statements once, under a name that stands for their text.
 * The texts are constants of the program, so their number is limited.
 */
export class StatementPool {
  readonly pool: pg.Pool;
  readonly #names = new Map<string, string>();

  /** @param size largest number of connections */
  constructor(url: string, size: number) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: size,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: IDLE_MS,
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 15_000,
      // Detects a silently lost database (a pulled cable) in seconds instead of hours.
      query_timeout: 15_000,
      keepAlive: true,
    });
    // The next query replaces a broken connection; without a listener the error would end the process.
    this.pool.on('error', () => {});
    // The pool listens to idle connections only, and a caller that takes one listens a moment later. Without
    // this listener, a server that ends the connection in between would end the process.
    this.pool.on('connect', (client) => client.on('error', () => {}));
  }

  /** Runs one statement, which commits by itself. */
  async query<Row>(statement: Sql): Promise<Row[]> {
    const { text } = statement;
    const { rows } = await this.pool.query({
      name: this.#nameOf(text),
      text,
      values: statement.values,
      types,
    });
    return rows as Row[];
  }

  /** Opens connections with another address from now on; existing ones stay until they are idle. */
  changeUrl(url: string): void {
    this.pool.options.connectionString = url;
  }

  /** For readiness checks. @throws when the database does not answer. */
  async check(): Promise<void> {
    await this.query(sql`SELECT 1`);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  #nameOf(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}
