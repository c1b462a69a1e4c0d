import type { MediaKind } from '@claimcheck/contracts/media';
import type { ConversationEvent, UserAnnouncement } from '@claimcheck/contracts/socket-events';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { Prisma, PrismaClient } from './generated/client.ts';
import { StatementPool } from './statement-pool.ts';

export type * from './generated/client.ts';
export { Prisma };

/** A message for the broker, as the outbox stores it. */
export interface OutboxRow {
  id: string;
  subject: string;
  payload: object;
  headers: Record<string, string>;
}

/** The right to publish messages written under it, and for how long it excludes other processes. */
export interface OutboxClaim {
  id: string;
  lease_ms: number;
}

/** A fact that a transaction made true. Others learn of it only after the commit. */
export type CommittedFact =
  | { fact: 'conversation_event'; event: ConversationEvent }
  | { fact: 'membership'; user_id: string; announcement: UserAnnouncement }
  | { fact: 'media_changed'; media_object_id: string; rev: number }
  | { fact: 'media_progress'; conversation_ids: string[]; media_object_id: string; percent: number }
  | {
      fact: 'milestone';
      milestone: 'preview' | 'ready';
      media_object_id: string;
      epoch: number;
      kind: MediaKind;
      /** When this attempt was requested, if the row still has the time. */
      asked_at?: Date;
    }
  /** A media object's upload that is whole and stored, with its bytes; `none`: the bytes were already stored. */
  | { fact: 'upload_finished'; protocol: 'tus' | 'put' | 'multipart' | 'none'; size_bytes: number }
  /** Messages to publish: by their writer if it claimed them, else by the first relay. */
  | { fact: 'outbox'; messages: readonly OutboxRow[]; claim: OutboxClaim | undefined };

const brand: unique symbol = Symbol('transaction');

/** Runs statements that are atomic by themselves, inside a transaction or on their own. */
export interface Executor {
  /** Runs a statement made by `Prisma.sql`; values have the form of Prisma's raw queries. */
  query<Row>(statement: Prisma.Sql): Promise<Row[]>;
  /** Facts that this work makes true, in order. */
  readonly facts: CommittedFact[];
  /** `traceparent` of the current trace (W3C); undefined outside a trace. */
  readonly traceparent: string | undefined;
  /** The claim under which messages to the broker are written; undefined: any relay may publish them. */
  readonly claim: OutboxClaim | undefined;
}

/**
 * A transaction that is open now. Only {@link Database.transaction} creates one, so a function that requires it cannot be
 * called outside one by mistake.
 */
export interface Transaction extends Executor {
  readonly [brand]: true;
  readonly db: Prisma.TransactionClient;
}

export interface DatabaseOptions {
  url: string;
  poolSize?: number;
  /** Called after each commit that left facts. Must not throw; best effort. */
  onCommit?: (facts: CommittedFact[]) => void;
  /** Returns the trace of a statement. */
  traceparent?: () => string | undefined;
  /** Returns the claim for messages about to be written; by default, the first relay publishes them. */
  claim?: () => OutboxClaim | undefined;
}

const MAX_TRIES = 5;
const TRANSACTION_TIMEOUT_MS = 10_000;

// PostgreSQL's serialization failure, deadlock, foreign key violation and unique violation, as such or in
// Prisma's wrapping. Another transaction was faster, and the repeated work sees its outcome.
const isConflict = (error: unknown): boolean => {
  if (error instanceof pg.DatabaseError) return /^(40001|40P01|23503|23505)$/.test(error.code ?? '');
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  if (['P2034', 'P2002', 'P2003'].includes(error.code)) return true;
  return /"(40001|40P01|23503|23505)"/.test(JSON.stringify(error.meta ?? {}));
};

/** Postgres: one pool with time-outs for Prisma and our own statements, and transactions that report their facts. */
export class Database {
  #client: PrismaClient | undefined;
  readonly #statements: StatementPool;
  readonly #onCommit: (facts: CommittedFact[]) => void;
  readonly #traceparent: () => string | undefined;
  readonly #claim: () => OutboxClaim | undefined;

  constructor(options: DatabaseOptions) {
    this.#statements = new StatementPool(options.url, options.poolSize ?? 10);
    this.#onCommit = options.onCommit ?? (() => {});
    this.#traceparent = options.traceparent ?? (() => undefined);
    this.#claim = options.claim ?? (() => undefined);
  }

  /** Prisma's client, created when it is first needed: it takes 9 MiB. */
  get client(): PrismaClient {
    this.#client ??= new PrismaClient({ adapter: new PrismaPg(this.#statements.pool) });
    return this.#client;
  }

  /**
   * Runs `work` in one transaction, and again when a conflict ended it. Work that searches for a client's key and then inserts
   * it therefore finds, the second time, the row of a concurrent request.
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const traceparent = this.#traceparent();
    return this.#reporting((facts) =>
      this.client.$transaction(
        (db) => {
          const query = <Row>(statement: Prisma.Sql) => db.$queryRaw<Row[]>(statement);
          return work({ [brand]: true, db, facts, traceparent, claim: this.#claim(), query });
        },
        { maxWait: 5_000, timeout: TRANSACTION_TIMEOUT_MS },
      ),
    );
  }

  /**
   * Runs `work` without a transaction: each statement commits by itself. Costs a tenth of a transaction; for work that writes
   * in its last statement only. Runs again on a conflict, like {@link transaction}.
   */
  autocommit<Result>(work: (on: Executor) => Promise<Result>): Promise<Result> {
    const traceparent = this.#traceparent();
    return this.#reporting((facts) =>
      work({ facts, traceparent, claim: this.#claim(), query: (statement) => this.query(statement) }),
    );
  }

  /** Runs one statement, which commits by itself. */
  query<Row>(statement: Prisma.Sql): Promise<Row[]> {
    return this.#statements.query(statement);
  }

  async #reporting<Result>(attempt: (facts: CommittedFact[]) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      const facts: CommittedFact[] = [];
      try {
        const result = await attempt(facts);
        if (facts.length > 0) this.#onCommit(facts);
        return result;
      } catch (error) {
        if (tries >= MAX_TRIES || !isConflict(error)) throw error;
      }
    }
  }

  /** Uses another address, with a new password, for new connections. */
  changeUrl(url: string): void {
    this.#statements.changeUrl(url);
  }

  /** For readiness checks. @throws when the database does not answer. */
  check(): Promise<void> {
    return this.#statements.check();
  }

  async close(): Promise<void> {
    await this.#client?.$disconnect();
    await this.#statements.close();
  }
}
