import { type Sql, sql } from '@prisma/client-runtime-utils';
import pg from 'pg';

const types = new pg.TypeOverrides();
// Like Prisma's raw queries: a sum of sizes may exceed the range of a number.
types.setTypeParser(pg.types.builtins.INT8, BigInt);

const IDLE_MS = 30_000;

/**
 * Returns whether a migration added a column to the rows of a prepared statement. Postgres refuses it, before it has any
 * effect; prepared under another name it works again.
 */
export const isOutdated = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '0A000' && /^cached plan/.test(error.message);

/**
 * The connections to Postgres. Each connection prepares our own statements once, under a name that stands for their text.
 * The texts are constants of the program, so their number is limited.
 */
export class StatementPool {
  readonly pool: pg.Pool;
  readonly #names = new Map<string, string>();
  #named = 0;

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
    try {
      return await this.#rowsOf(this.pool, statement);
    } catch (error) {
      if (!isOutdated(error)) throw error;
      return this.#rowsOf(this.pool, statement);
    }
  }

  /** Runs one statement that returns no rows, and commits by itself. @returns the number of rows that it changed */
  async execute(statement: Sql): Promise<number> {
    return (await this.#run(this.pool, statement)).rowCount ?? 0;
  }

  /** Runs `work` in one transaction; `query` runs a statement in it. An error of `work` rolls it back. */
  protected async inTransaction<Result>(
    work: (query: <Row>(statement: Sql) => Promise<Row[]>) => Promise<Result>,
  ): Promise<Result> {
    const connection = await this.pool.connect();
    // A connection that does not answer is closed, which rolls back: a ROLLBACK would wait behind the statement.
    let broken: Error | undefined;
    const noteBroken = (error: Error): never => {
      if (!(error instanceof pg.DatabaseError)) broken = error;
      throw error;
    };
    try {
      await connection.query('BEGIN').catch(noteBroken);
      const result = await work((statement) => this.#rowsOf<never>(connection, statement).catch(noteBroken));
      await connection.query('COMMIT').catch(noteBroken);
      return result;
    } catch (error) {
      if (broken === undefined)
        await connection.query('ROLLBACK').catch((failure: Error) => {
          broken = failure;
        });
      throw error;
    } finally {
      connection.release(broken);
    }
  }

  async #rowsOf<Row>(on: pg.Pool | pg.PoolClient, statement: Sql): Promise<Row[]> {
    return (await this.#run(on, statement)).rows as Row[];
  }

  async #run(on: pg.Pool | pg.PoolClient, { text, values }: Sql): Promise<pg.QueryResult> {
    const name = this.#nameOf(text);
    try {
      return await on.query({ name, text, values, types });
    } catch (error) {
      if (isOutdated(error) && this.#names.get(text) === name) this.#names.delete(text);
      throw error;
    }
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
    const name = `s${this.#named}`;
    this.#named += 1;
    this.#names.set(text, name);
    return name;
  }
}
